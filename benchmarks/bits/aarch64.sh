#!/usr/bin/env bash
# Make FOLDER/python: Python for aarch64, with what PyMTS needs, emulated. Debian, as root; FOLDER is outside the
# repository. Nothing is installed but the emulator: packages and wheels of the other kind are only unpacked.
set -euo pipefail
mkdir -p "${1:?the folder to make it in}"
repository=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(cd "$1" && pwd)
cd "$folder"

command -v qemu-aarch64 >/dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends qemu-user; }

mkdir -p lists/partial cache/archives/partial packages root
: > status
cat > apt.conf <<END
APT::Architecture "arm64";
APT::Architectures {"arm64";};
Dir::State::status "$folder/status";
Dir::State::Lists "$folder/lists";
Dir::Cache "$folder/cache";
END
export APT_CONFIG="$folder/apt.conf"
apt-get update -qq
wanted=$(apt-get install -s --no-install-recommends python3 libstdc++6 libgomp1 zlib1g |
  awk '$1 == "Inst" && $2 !~ /^(dpkg|tar)$/ {print $2}')
(cd packages && apt-get download -qq $wanted)
for package in packages/*.deb; do dpkg -x "$package" root; done
version=$(basename "$(readlink root/usr/bin/python3)")

# The same versions as in the development set, of what the models need; nothing of this can run but under emulation.
tags=$(for tag in 2014 _2_17 _2_24 _2_26 _2_27 _2_28; do echo "--platform manylinux${tag}_aarch64"; done)
pinned=$(grep -E '^(numpy|scipy|numba|pandas|pyarrow|xarray|pydantic|annotated-types|PyYAML|threadpoolctl|xxhash)==' \
  "$repository/requirements.txt")
python3 -m pip install --quiet --no-warn-conflicts --upgrade --target site --only-binary=:all: --implementation cp \
  --python-version "${version#python}" $tags $pinned

cat > python <<END
#!/bin/sh
PYTHONPATH="\$PYTHONPATH:$folder/site" exec qemu-aarch64 -L "$folder/root" "$folder/root/usr/bin/$version" "\$@"
END
chmod +x python
./python -c 'import numba, platform; print(platform.machine(), "numba", numba.__version__)'
