"""Identities: who may do what, as administrators, tokens and the server's own rules say it."""

from vxdata.schemas.identity.grants import EVERYTHING, Grants
from vxdata.schemas.identity.roles import Right, Role

__all__ = ["EVERYTHING", "Grants", "Right", "Role"]
