"""What a level of the sandbox must stand before it is relied on: small programs that try it out.

Each runs in the copy, says what is missing and fails; else it leaves a file ``written``.
"""

from __future__ import annotations

NAMESPACES = """
import os, socket, sys
bad = []
if [n for _, n in socket.if_nameindex() if n != 'lo']: bad.append('the network is not private')
if os.getppid() > 2: bad.append('processes are not private')
caps = [l.split()[1] for l in open('/proc/self/status') if l[:6] in ('CapPrm', 'CapEff', 'CapBnd')]
if any(int(c, 16) for c in caps): bad.append('capabilities are left')
if not os.statvfs('/').f_flag & os.ST_RDONLY: bad.append('the root is writable')
try: socket.create_server(('127.0.0.1', 0)).close()
except OSError: bad.append('there is no loopback interface')
if bad: sys.exit('; '.join(bad))
for path in ('written', '/tmp/written', '/dev/shm/written'): open(path, 'w').close()
"""

LANDLOCK = """
import errno, os, socket, sys
bad = []
def refused(what, function, *codes):
    try: function()
    except OSError as error:
        if error.errno in codes: return
    bad.append(what)
closed = (errno.EACCES,)
refused('other folders can be written to', lambda: open('../workspace/x', 'w'), *closed)
refused('other folders can be read', lambda: os.listdir('../workspace'), *closed)
refused('other files can be read', lambda: open('../workspace/secret'), *closed)
refused('other files can be removed', lambda: os.unlink('../workspace/secret'), *closed)
refused('other files can be cut', lambda: os.truncate('../workspace/secret', 0), *closed)
refused('the network is open', lambda: socket.socket().close(), errno.EAFNOSUPPORT)
refused('sockets are open', lambda: socket.socket(socket.AF_UNIX).close(), errno.EAFNOSUPPORT)
os.chmod('../workspace/secret', 0o777)
if os.stat('../workspace/secret').st_mode & 1: bad.append('modes of files can be changed')
caps = [l.split()[1] for l in open('/proc/self/status') if l[:6] in ('CapPrm', 'CapEff')]
if any(int(c, 16) for c in caps): bad.append('capabilities are left')
if bad: sys.exit('; '.join(bad))
for path in ('written', os.environ['TMPDIR'] + '/written'): open(path, 'w').close()
"""
