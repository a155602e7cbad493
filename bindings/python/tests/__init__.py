"""The tests of the package; `bindings/python/test` runs them against the installed wheel."""

import logging

# The event loop of a test remarks on every callback that took long, and a machine that tests is busy.
logging.getLogger("asyncio").setLevel(logging.ERROR)
