"""The models of changes to resources, one for each built-in payload type."""

from vxdata.schemas.generated.update import *  # noqa: F403 - the generated module states its __all__
from vxdata.schemas.generated.update import __all__  # noqa: F401 - what star imports of this module give
