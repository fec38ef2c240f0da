"""Binding: every name of a plan becomes a field, every value gets its field's type."""

from vxdata.schemas.binding.bind import BindingScope, bind
from vxdata.schemas.binding.bound import BoundPlan

__all__ = ["BindingScope", "BoundPlan", "bind"]
