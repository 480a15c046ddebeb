"""What a customer's portal may have: keys that `portal_show` and `portal_hide` hold, with their words.

The domain says what everybody on it sees; a customer's lists overrule it item by item.
"""

from django.utils.translation import gettext_lazy as _

# (group, ((key, words), …)), in the order of the portal's settings. A key is kept for good: rows hold it.
GROUPS = (
    (
        _("Money"),
        (
            ("balance", _("Balance")),
            ("payments", _("Payments")),
            ("pending_bank_payments", _("Pending Bank Payments")),
            ("block_paypal", _("Block PayPal")),
            ("block_stripe", _("Block Stripe")),
            ("voucher", _("Voucher")),
            ("invoice", _("Invoice")),
            ("packages", _("Packages")),
            ("editable_balance_alert", _("Editable Balance Alert")),
        ),
    ),
    (
        _("Calls"),
        (
            ("cdr", _("CDR")),
            ("breakout", _("Breakout")),
            ("latest_calls", _("Latest Calls")),
            ("dialog", _("Dialog")),
            ("summary", _("Summary")),
            ("recording", _("Recording")),
            ("download_recording", _("Download Recording")),
        ),
    ),
    (
        _("Graphs"),
        (
            ("customer_acd", _("Customer ACD")),
            ("customer_asr", _("Customer ASR")),
            ("customer_cps", _("Customer CPS")),
            ("customer_channels", _("Customer Channels")),
            ("customer_dtmf", _("Customer DTMF")),
            ("carrier_cps", _("Carrier CPS")),
            ("carrier_channels", _("Carrier Channels")),
            ("carrier_dtmf", _("Carrier DTMF")),
        ),
    ),
    (
        _("Set-up"),
        (
            ("cli", _("CLI")),
            ("did", _("DID")),
            ("did_editable", _("DID (Editable)")),
            ("did_destination_lock", _("DID Destination Lock")),
            ("did_tags", _("DID Tags")),
            ("ip_auth_editable", _("IP Auth (Editable)")),
            ("sip_auth_editable", _("SIP Auth (Editable)")),
            ("routes_editable", _("Routes (Editable)")),
            ("allow_route_public_note", _("Allow Route Public Note")),
            ("rate_cards", _("Rate Cards")),
            ("interconnect_info", _("Interconnect Info")),
            ("show_rtp_servers", _("Show RTP Servers")),
            ("user_registration", _("User Registration")),
        ),
    ),
    (
        _("Other"),
        (
            ("alert", _("Alert")),
            ("status", _("Status")),
            ("public_status", _("Public Status")),
            ("data_management", _("Data Management")),
            ("queue", _("Queue")),
            ("audio", _("Audio")),
            ("carrier_portal", _("Carrier Portal")),
            ("ai_agent", _("AI Agent")),
            ("app", _("App")),
            ("conference", _("Conference")),
            ("ivr", _("IVR")),
            ("group", _("Group")),
        ),
    ),
)
CHOICES = tuple(item for _group, items in GROUPS for item in items)
