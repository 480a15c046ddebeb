from routing.models.ingress import IngressRoute
from routing.models.sip_auth import IpAuth, Protocol, SipUser

__all__ = ["IngressRoute", "IpAuth", "Protocol", "SipUser"]
