"""What runs inside the project's own interpreter, in the sandbox; never imported by the server.

`suite.install_plugin` lays each module beside the pytest plugin, as ``festina_NAME``. Standard
library and pytest only, Python 3.8 or newer.
"""
