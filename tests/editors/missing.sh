#!/bin/sh
# Say in a line why this machine cannot have what `make test-editors-fast` installs; silent where it can.
# The exit code is 0 in both cases: who asks decides what it means.
case $(uname -s)-$(uname -m) in
  Linux-x86_64 | Linux-aarch64) ;;
  *) echo "there is no Node.js among pip's wheels for $(uname -s) on $(uname -m)"; exit ;;
esac
command -v chromium >/dev/null && exit
for tool in apt-get dpkg-deb flock; do
  command -v $tool >/dev/null || { echo "Chromium is not installed, and there is no $tool to fetch it with"; exit; }
done
