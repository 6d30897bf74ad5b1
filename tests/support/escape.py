"""Attacks on the sandbox, run as one program so that any user id can run them.

``python escape.py LEVEL [cell]`` plants secrets and servers outside, runs `INSIDE` in a sandbox of
that level, or in a cell of a fork server in one, and prints one JSON object: what each attack got,
and what was seen outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
from pathlib import Path

from festina.verify import process, sandbox
from support import cells
from support.trees import hash_tree

INSIDE = r"""
import contextlib, ctypes, errno, fcntl, json, os, socket, stat, subprocess, sys, time
facts = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
got = {}

def attack(name):
    def run(function):
        try:
            result = function()
            got[name] = 'OPEN' if result is None else result
        except OSError as error:
            got[name] = errno.errorcode.get(error.errno, str(error))
        except (MemoryError, ValueError) as error:
            got[name] = type(error).__name__
        return function
    return run

def call(function, *arguments):
    if getattr(libc, function)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), function)

@attack('read_secret')
def _(): return open(facts['secret']).read()
@attack('list_home')
def _(): return sorted(os.listdir(os.environ['HOME']))
@attack('read_tmp')
def _(): return open(facts['tmp_secret']).read()
@attack('tcp')
def _(): socket.create_connection(('127.0.0.1', facts['port']), 2)
@attack('abstract_socket')
def _(): socket.socket(socket.AF_UNIX).connect('\0' + facts['abstract'])
for _n, _path in enumerate(facts['sockets']):
    @attack(f'socket_{_n}')
    def _(): socket.socket(socket.AF_UNIX).connect(_path)
@attack('host_network')
def _(): return [name for _, name in socket.if_nameindex()]
@attack('loopback_works')
def _():
    with socket.create_server(('127.0.0.1', 0)) as server:
        socket.create_connection(server.getsockname(), 2).close()
@attack('write_root')
def _(): open('/festina-escape', 'w'); os.unlink('/festina-escape')
@attack('write_etc')
def _(): open('/etc/festina-escape', 'w'); os.unlink('/etc/festina-escape')
@attack('write_real_workspace')
def _(): open(os.path.join(facts['real_other'], 'escape'), 'w')
@attack('write_link')
def _(): open('.venv/marker', 'a')
@attack('unlink_link')
def _(): os.unlink('.venv/marker')
@attack('rename_link')
def _(): os.rename('.venv', 'venv2')
@attack('create_in_link')
def _(): open('.venv/new', 'w')
@attack('read_link')
def _(): return open('.venv/marker').read()
@attack('write_shown')
def _(): open(os.path.join(facts['shown'], 'marker'), 'a')
@attack('chmod_shown')
def _(): os.chmod(os.path.join(facts['shown'], 'marker'), 0o777)
@attack('read_shown')
def _(): return open(os.path.join(facts['shown'], 'marker')).read()
@attack('read_workspace')
def _(): return open('module.py').read()
@attack('write_workspace')
def _(): open('written', 'w').write('inside'); return os.getcwd()
@attack('leave_by_symlink')
def _(): os.symlink(facts['secret'], 'way-out'); return open('way-out').read()
@attack('remount_root')
def _(): call('mount', b'none', b'/', None, ctypes.c_ulong(32 | 4096), None)
@attack('unmount_home')
def _(): call('umount2', os.environ['HOME'].encode(), 2)
@attack('unmount_tmp')
def _(): call('umount2', b'/tmp', 2)
@attack('user_namespace')
def _(): call('unshare', 0x10000000)
@attack('mount_namespace')
def _(): call('unshare', 0x20000)
@attack('chroot')
def _(): os.chroot('/tmp')
@attack('mknod')
def _(): os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(254, 0))
@attack('setuid')
def _(): os.setuid(os.getuid() + 1)
@attack('vsock')
def _(): socket.socket(40, socket.SOCK_STREAM)
@attack('io_uring')
def _(): call('syscall', 425, 1, None)
@attack('fork_user_namespace')
def _():
    clone = {'x86_64': 56, 'aarch64': 220}[os.uname().machine]
    call('syscall', clone, ctypes.c_ulong(0x10000011), None, None, None, None)
@attack('every_namespace')
def _(): call('unshare', 0x7E020000)
@attack('clone3')
def _(): call('syscall', 435, b'\0' * 88, ctypes.c_size_t(88))
@attack('new_mount')
def _(): call('mount', b'tmpfs', b'/tmp', b'tmpfs', ctypes.c_ulong(0), None)
@attack('bind_mount')
def _(): call('mount', b'/etc', b'/tmp', None, ctypes.c_ulong(4096), None)
@attack('remount_proc')
def _(): call('mount', b'none', b'/proc', None, ctypes.c_ulong(32 | 4096), None)
@attack('unmount_proc')
def _(): call('umount2', b'/proc', 2)
@attack('unmount_workspace')
def _(): call('umount2', os.getcwd().encode(), 2)
@attack('unmount_link')
def _(): call('umount2', os.path.abspath('.venv').encode(), 2)
@attack('copy_mount')
def _(): os.close(libc.syscall(428, -100, b'/', 1))
@attack('mount_attributes')
def _(): call('syscall', 442, -100, b'/', 0x8000, bytes(8) + b'\1' + bytes(23), ctypes.c_size_t(32))
@attack('open_by_handle')
def _(): call('syscall', {'x86_64': 304, 'aarch64': 265}[os.uname().machine], -100, bytes(40), 0)
@attack('file_capability')
def _():
    open('capable', 'w')
    os.setxattr('capable', 'security.capability', bytes.fromhex('0100000200000080' + '00' * 12))
@attack('whiteout')
def _(): os.mknod('white', 0o600 | stat.S_IFCHR, 0); return 'made'
@attack('opaque')
def _(): os.setxattr('.', 'user.overlay.opaque', b'y'); return 'set'
@attack('see_mounts_of_cell')
def _():
    lines = [line.split() for line in open('/proc/self/mountinfo')]
    return [l[4] for l in lines if '.festina' in l[4]]
@attack('upper_folder')
def _():
    found = []
    for line in open('/proc/self/mountinfo'):
        for option in line.split()[-1].split(','):
            name, _, path = option.partition('=')
            if name in ('upperdir', 'workdir', 'lowerdir') and os.access(path, os.W_OK):
                if '/proc/self/fd' not in path: found.append(path)
    return found
@attack('hidden_folder')
def _(): return sorted(os.listdir('/dev/.festina'))
@attack('write_hidden')
def _(): open('/dev/.festina/left', 'w')
@attack('writable_proc')
def _():
    found = []
    for top, folders, names in os.walk('/proc'):
        if top == '/proc': folders[:] = [name for name in folders if not name.isdigit()]
        for name in names:
            with contextlib.suppress(OSError):
                os.close(os.open(os.path.join(top, name), os.O_WRONLY | os.O_NONBLOCK))
                found.append(os.path.join(top, name))
    return found
@attack('writable_first')
def _():
    found = []
    for name in os.listdir('/proc/1'):
        with contextlib.suppress(OSError):
            os.close(os.open('/proc/1/' + name, os.O_WRONLY | os.O_NONBLOCK))
            found.append(name)
    return sorted(found)
for _name in ('kmsg', 'keys', 'timer_list'):
    @attack('proc_' + _name)
    def _():
        with open('/proc/' + _name, 'rb', buffering=0) as file: return file.read(100).decode()
for _name in ('fd', 'fdinfo', 'map_files'):
    @attack('first_' + _name)
    def _():
        folder = '/proc/1/' + _name
        for name in os.listdir(folder):
            with contextlib.suppress(PermissionError):
                os.close(os.open(folder + '/' + name, os.O_RDONLY))
                return 'OPEN'
        raise PermissionError(errno.EACCES, folder)
for _name in ('root', 'cwd', 'exe'):
    @attack('first_' + _name)
    def _(): return os.listdir('/proc/1/' + _name)
for _name in ('mnt', 'user', 'net', 'pid'):
    @attack('first_namespace_' + _name)
    def _(): os.close(os.open('/proc/1/ns/' + _name, os.O_RDONLY))
for _name, _numbers in {'readv': (310, 270), 'writev': (311, 271)}.items():
    @attack('process_vm_' + _name)
    def _():
        buffer = ctypes.create_string_buffer(8)
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
        number = dict(zip(('x86_64', 'aarch64'), _numbers))[os.uname().machine]
        one = ctypes.c_ulong(1)
        call('syscall', number, one, vector, one, vector, one, ctypes.c_ulong(0))
@attack('take_descriptor')
def _():
    pidfd = libc.syscall(434, 1, 0)
    try: call('syscall', 438, pidfd, 3, 0)
    finally: os.close(pidfd)
@attack('stop_first')
def _():
    for number in (2, 3, 9, 10, 12, 15, 19, 20): os.kill(1, number)
    time.sleep(0.05)
    return open('/proc/1/stat').read().rpartition(')')[2].split()[0] in 'SRD'
@attack('all_ids')
def _():
    found = []
    for pid in range(1, 5000):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0); found.append(pid)
    return found
@attack('agents')
def _(): return [n for n in os.environ if n in ('SSH_AUTH_SOCK', 'DOCKER_HOST') or 'DBUS' in n]
@attack('lower_limits')
def _(): import resource; resource.setrlimit(resource.RLIMIT_DATA, (1 << 40, 1 << 40))
for _name in ('core_pattern', 'modprobe', 'hostname', 'sysrq', 'pid_max'):
    @attack('sysctl_' + _name)
    def _(): os.close(os.open('/proc/sys/kernel/' + _name, os.O_WRONLY))
@attack('sysrq_trigger')
def _(): os.close(os.open('/proc/sysrq-trigger', os.O_WRONLY))
@attack('kcore')
def _(): return len(open('/proc/kcore', 'rb').read(16))
@attack('cgroup')
def _(): name = '/sys/fs/cgroup/festina-' + os.urandom(6).hex(); os.mkdir(name); os.rmdir(name)
@attack('devices')
def _(): return sorted(os.listdir('/dev'))
@attack('terminal')
def _(): open('/dev/tty')
@attack('see_processes')
def _(): return sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
@attack('kill_server')
def _(): os.kill(facts['server'], 0)
@attack('kill_supervisor')
def _(): os.kill(os.getppid(), 9); time.sleep(0.05); return 'still alive'
@attack('supervisor_descriptors')
def _():
    folder = '/proc/%d/fd/' % os.getppid()
    for name in os.listdir(folder):
        with contextlib.suppress(PermissionError):
            os.close(os.open(folder + name, os.O_WRONLY))
            return 'OPEN'
    raise PermissionError(errno.EACCES, folder)
@attack('supervisor_memory')
def _(): open('/proc/%d/mem' % os.getppid(), 'rb')
@attack('supervisor_environment')
def _(): return open('/proc/%d/environ' % os.getppid()).read()
@attack('ptrace_supervisor')
def _(): call('ptrace', 16, os.getppid(), None, None)
@attack('environment')
def _(): return sorted(os.environ)
@attack('descriptors')
def _():
    listing = os.open('/proc/self/fd', os.O_RDONLY)
    names = sorted(int(n) for n in os.listdir(listing))
    return [n for n in names if n not in (listing, listing + 1)]
@attack('passed_descriptor')
def _(): return os.write(facts['pass_fd'], b'hello from inside')
@attack('capabilities')
def _():
    lines = [line.split() for line in open('/proc/self/status')]
    return {l[0][:-1]: l[1] for l in lines if l[0].startswith(('Cap', 'NoNewPrivs'))}
@attack('identity')
def _(): return [os.getuid(), os.getgid(), os.geteuid()]
@attack('locked_file')
def _():
    with open('locked', 'w') as file: file.write('x')
    os.chmod('locked', 0); return open('locked').read()
@attack('shared_memory')
def _(): call('shmget', facts['shm_key'], 0, 0)
@attack('message_of_host')
def _(): return sorted(os.listdir('/dev/shm'))
@attack('reuse_session_keyring')
def _():
    number = {'x86_64': 250, 'aarch64': 219}[os.uname().machine]
    libc.syscall.restype = ctypes.c_long
    if libc.syscall(number, 10, ctypes.c_long(-3), b'user', facts['key'].encode(), 0) < 0:
        raise OSError(ctypes.get_errno(), 'keyctl')
@attack('memory')
def _(): return len(bytearray(400 << 20))
@attack('big_file')
def _():
    with open('big', 'wb') as file:
        try:
            file.truncate(100 << 20)
        finally:
            os.unlink('big')
for _name in ('/tmp', '/dev/shm', '/run', '/var/tmp', os.environ['HOME']):
    @attack('fill_' + _name.rpartition('/')[2])
    def _():
        with open(_name + '/fill', 'wb', buffering=0) as file:
            try:
                for _ in range(24): file.write(bytes(1 << 20))
            finally:
                os.unlink(_name + '/fill')
@attack('private_tmp')
def _(): return open('/tmp/mine', 'w').write('x')
@attack('core_limit')
def _(): import resource; return list(resource.getrlimit(resource.RLIMIT_CORE))
@attack('fork_bomb')
def _():
    if not facts['bombs']: return 'ends it all'
    children = []
    try:
        while len(children) < 400:
            pid = os.fork()
            if pid == 0: time.sleep(60); os._exit(0)
            children.append(pid)
        return 'unbounded'
    except OSError:
        return 'bounded'
    finally:
        for pid in children: os.kill(pid, 9); os.waitpid(pid, 0)
@attack('thread_bomb')
def _():
    if not facts['bombs']: return 'ends it all'
    import threading
    threading.stack_size(1 << 16)
    stop, threads = threading.Event(), []
    try:
        while len(threads) < 400:
            threads.append(threading.Thread(target=stop.wait, args=(60,)))
            threads[-1].start()
        return 'unbounded'
    except RuntimeError:
        return 'bounded'
    finally:
        stop.set()
        for thread in threads[:-1]: thread.join()
@attack('kill_all')
def _(): os.kill(-1, 9); return 'still here'
@attack('leave')
def _():
    for place in ('/tmp', '/dev/shm', '/run', '/var/tmp', os.environ['HOME'], os.getcwd(), '/dev'):
        with contextlib.suppress(OSError): open(place + '/left-behind', 'w')
    libc.shmget(facts['left_key'], ctypes.c_size_t(4096), 0o1600)
    number = {'x86_64': 248, 'aarch64': 217}[os.uname().machine]
    for keyring in (-3, -4, -5):
        name = ('left' + facts['token']).encode()
        libc.syscall(number, b'user', name, b'x', ctypes.c_size_t(1), ctypes.c_long(keyring))
    return 'left'
@attack('daemon')
def _():
    code = 'import time\ntime.sleep(300)  # ' + facts['token']
    for _ in range(2):
        subprocess.Popen([sys.executable, '-I', '-S', '-c', code], start_new_session=True,
                         stdin=-3, stdout=-3, stderr=-3)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', code])
        os._exit(0)
finish(got)
"""
LOOK = r"""
import ctypes, json, os, sys
facts = json.loads(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
found = []
for place in ('/tmp', '/dev/shm', '/run', '/var/tmp', os.environ['HOME'], os.getcwd(), '/dev'):
    if os.path.exists(place + '/left-behind'): found.append(place)
if libc.shmget(facts['left_key'], ctypes.c_size_t(4096), 0) >= 0: found.append('shared memory')
number = {'x86_64': 250, 'aarch64': 219}[os.uname().machine]
for keyring in (-3, -4, -5):
    name = ('left' + facts['token']).encode()
    if libc.syscall(number, 10, ctypes.c_long(keyring), b'user', name, 0) >= 0:
        found.append('keyring %d' % keyring)
finish(found)
"""


async def attack(level: sandbox.Level, *, cell: bool) -> dict[str, object]:
    """Plant, run, look. Everything planted is removed again."""
    with contextlib.ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="festina-escape-"))
        stack.callback(shutil.rmtree, base)
        facts, seen = _plant(base, stack)
        read, write = os.pipe()
        stack.callback(os.close, read)
        stack.callback(os.close, write)
        facts["pass_fd"] = write
        # at this level nothing binds root, and who goes too far is ended: another test does that
        facts["bombs"] = bool(os.getuid()) or level is not sandbox.Level.LANDLOCK
        leak = os.open("/etc/passwd", os.O_RDONLY)
        stack.callback(os.close, leak)
        os.set_inheritable(leak, True)
        os.environ["PLANTED_SECRET"] = "hunter2"
        box = sandbox.Box(
            workspace=base / "work" / "project",
            shadow=base / "scratch" / "shadow",
            read_only=(base / "home" / "tool", Path(sys.base_prefix)),
            links=(Path(".venv"),),
            environ=sandbox.allow_environ(os.environ),
            limits=process.Limits(memory_mib=256, processes=60, file_mib=64, scratch_mib=16),
            nested=cell,
        )
        before = hash_tree(box.shadow) if cell else {}
        if level is sandbox.Level.LANDLOCK:
            (box.shadow / ".venv").rmdir()  # a link to the real one will be there
        if cell:
            got = await _in_cell(box, level, facts, seen)
        else:
            got = await _cold(box, level, facts, seen, write)
        seen["survivors"] = alive(str(facts["token"]))
        os.set_blocking(read, False)
        with contextlib.suppress(BlockingIOError):
            seen["received"] = os.read(read, 100).decode()
        seen["shadow_files"] = sorted(path.name for path in box.shadow.iterdir())
        seen["shadow_unchanged"] = cell and hash_tree(box.shadow) == before
        seen["real_files"] = sorted(path.name for path in box.workspace.iterdir())
        seen["marker"] = (box.workspace / ".venv" / "marker").read_text()
        seen["mode"] = (base / "home" / "tool" / "marker").stat().st_mode & 0o777
        seen["uid"] = [os.getuid(), os.getgid(), os.geteuid()]
        seen["workspace"] = str(box.workspace)
        return {"got": got, "seen": seen}


async def _cold(
    box: sandbox.Box,
    level: sandbox.Level,
    facts: dict[str, object],
    seen: dict[str, object],
    write: int,
) -> object:
    code = f"def finish(value): print(json.dumps(value))\n{INSIDE}"
    argv = [process.interpreter(), "-I", "-S", "-c", code, json.dumps(facts)]
    done = await sandbox.run(box, argv, level=level, timeout=120, pass_fds=(write,))
    seen["returncode"] = done.returncode
    seen["stderr"] = done.stderr.decode()
    return json.loads(done.stdout) if done.stdout else {}


async def _in_cell(
    box: sandbox.Box, level: sandbox.Level, facts: dict[str, object], seen: dict[str, object]
) -> object:
    start = f"import sys; finish = answer; sys.argv = ['', {json.dumps(facts)!r}]\n"
    async with cells.open_server(box, level) as server:
        said = await server.ask(start + INSIDE)
        seen["returncode"] = said.fate.get("status")
        seen["stderr"] = said.fate
        seen["touched"] = said.fate.get("touched")
        next_one = await server.ask(start + LOOK)
        seen["left"] = next_one.answer
        return said.answers[0] if said.answers else {}


def _plant(base: Path, stack: contextlib.ExitStack) -> tuple[dict[str, object], dict[str, object]]:
    home = base / "home"
    for directory in (
        "home/.ssh",
        "home/tool",
        "work/project/.venv",
        "work/other",
        "scratch/shadow/.venv",
    ):
        (base / directory).mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("SECRET KEY")
    (home / "tool" / "marker").write_text("tool")
    (base / "tmp-secret").write_text("SECRET")
    project = base / "work" / "project"
    (project / "module.py").write_text("real")
    (project / ".venv" / "marker").write_text("venv")
    (base / "scratch" / "shadow" / "module.py").write_text("shadow")
    os.environ["HOME"] = str(home)
    os.environ["XDG_CACHE_HOME"] = str(base / "cache")
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    abstract = f"festina-{secrets.token_hex(8)}"
    stack.enter_context(_listener("\0" + abstract))
    places = [base, Path("/run"), Path("/var/lib"), Path("/dev/shm")]
    sockets = []
    for place in places:
        if os.access(place, os.W_OK):
            path = place / f"festina-{secrets.token_hex(4)}.sock"
            stack.enter_context(_listener(str(path)))
            stack.callback(path.unlink)
            sockets.append(str(path))
    facts: dict[str, object] = {
        "secret": str(home / ".ssh" / "id_rsa"),
        "tmp_secret": str(base / "tmp-secret"),
        "port": server.getsockname()[1],
        "abstract": abstract,
        "sockets": sockets,
        "real_other": str(base / "work" / "other"),
        "shown": str(home / "tool"),
        "server": os.getpid(),
        "shm_key": _shared_memory(stack),
        "left_key": secrets.randbelow(1 << 30) + 1,
        "key": _session_key(),
        "token": f"festina-{secrets.token_hex(8)}",
    }
    return facts, {"sockets": sockets}


def _listener(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def _shared_memory(stack: contextlib.ExitStack) -> int:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    key = secrets.randbelow(1 << 30) + 1
    identifier = libc.shmget(key, ctypes.c_size_t(4096), 0o1600)  # IPC_CREAT, for the owner
    assert identifier >= 0
    stack.callback(libc.shmctl, identifier, 0, None)  # IPC_RMID
    return key


def _session_key() -> str:
    """Put a key into a fresh session keyring of this process, which its children inherit."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    keyctl, add_key = {"x86_64": (250, 248), "aarch64": (219, 217)}[os.uname().machine]
    name = f"festina-{secrets.token_hex(8)}"
    libc.syscall(keyctl, 1, None)  # join a new session keyring
    libc.syscall(add_key, b"user", name.encode(), b"secret", ctypes.c_size_t(6), ctypes.c_long(-3))
    return name


def alive(token: str) -> list[int]:
    """The processes of this machine, other than this one, with the token on their command line."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with contextlib.suppress(OSError):
                if token.encode() in (path / "cmdline").read_bytes():
                    found.append(int(path.name))
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(attack(sandbox.Level(sys.argv[1]), cell="cell" in sys.argv))))
