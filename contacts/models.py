"""People at a customer. Most never sign in; those who do have one user."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from customers.search import search_term_triggers
from setup.history import tracked


class ContactType(models.TextChoices):
    """Organises people; nothing follows from it."""

    GENERAL = "general", _("general")
    OWNER = "owner", _("owner")
    BILLING = "billing", _("billing")
    TECHNICAL = "technical", _("technical")
    SALES = "sales", _("sales")
    NOC = "noc", _("NOC")
    SUPPORT = "support", _("support")
    OTHER = "other", _("other")


class ContactQuerySet(models.QuerySet["Contact"]):
    def visible_to(self, user) -> "ContactQuerySet":
        """Contacts of the customers that `user` may see."""
        return self.filter(customer__in=Customer.objects.visible_to(user))

    def search(self, text: str, user) -> "ContactQuerySet":
        """Those in whose name, email, numbers or company each word of `text` is found."""
        rows = self
        for word in text.replace("\x00", "").split()[:10]:
            found = Q(name__icontains=word) | Q(email__icontains=word) | Q(customer__name__icontains=word)
            rows = rows.filter(found | Q(phone__icontains=word) | Q(mobile__icontains=word))
        return rows


@tracked()
class Contact(models.Model):
    """A person. `phone` and `mobile` are E.164 with the plus; the two notes differ in who reads them."""

    customer = models.ForeignKey(
        Customer, verbose_name=_("customer"), on_delete=models.CASCADE, related_name="contacts"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("sign-in"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contact",
    )
    name = models.CharField(_("name"), max_length=128)
    email = models.EmailField(_("email"))
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    mobile = models.CharField(_("mobile"), max_length=32, blank=True)
    type = models.CharField(_("type"), max_length=12, choices=ContactType, default=ContactType.GENERAL)
    notes_public = models.TextField(_("notes the customer reads"), blank=True)
    notes_private = models.TextField(_("notes for staff"), blank=True)
    email_verified_at = models.DateTimeField(_("email verified"), null=True, blank=True)
    mobile_verified_at = models.DateTimeField(_("mobile verified"), null=True, blank=True)
    ip_whitelist = ArrayField(
        models.CharField(max_length=43), verbose_name=_("sign-in only from"), default=list, blank=True
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints = [
            models.UniqueConstraint(
                "customer",
                Lower("email"),
                name="contact_email_once_per_customer",
                violation_error_message=_("This customer already has a contact with this email."),
            )
        ]
        triggers = search_term_triggers(
            source="contacts",
            customer_column="customer_id",
            select="""
                SELECT customer_id,
                       string_agg(concat_ws(' ', name, email, phone, mobile), ' ' ORDER BY id) AS words
                  FROM contacts_contact WHERE customer_id = ANY(touched) GROUP BY customer_id
            """,
        )

    def __str__(self) -> str:
        return self.name


class PasswordLink(models.Model):
    """A link to set a password, of which a contact has one at most.

    token_hash: SHA-256 of the token; the token itself is nowhere but in the mail.
    """

    contact = models.OneToOneField(Contact, on_delete=models.CASCADE, related_name="password_link")
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        verbose_name = _("password link")
        verbose_name_plural = _("password links")

    def __str__(self) -> str:
        return f"{self.contact_id}, until {self.expires_at}"
