"""People, access, log-ins, acts and signatures over HTTP."""

from kintsugi.identity.api.access import router as access
from kintsugi.identity.api.sign_in import router as sign_in
from kintsugi.identity.control.api import router as acts
from kintsugi.identity.signing.api import router as signatures

ROUTERS = (access, sign_in, acts, signatures)
