"""The models of stored versions, one for each built-in payload type."""

from vxdata.schemas.generated.response import *  # noqa: F403 - the generated module states its __all__
from vxdata.schemas.generated.response import __all__  # noqa: F401 - what star imports of this module give
