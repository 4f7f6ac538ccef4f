#!/bin/sh
# What the page's tests run in the browser, from npm: the web SDK of shops, and axe-core. Versions: tests/npm/package.json.
set -eu
target="${1:?where to install}"
if ! command -v npm >/dev/null 2>&1; then
    sudo=""
    if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
    echo "Installing npm for the tests of the payment page"
    if ! { command -v apt-get >/dev/null 2>&1 && $sudo apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq npm >/dev/null; }; then
        echo "The tests of the payment page need npm: install the package 'npm' and run again." >&2
        exit 1
    fi
fi
mkdir -p "$target"
cp "$(dirname "$0")/npm/package.json" "$target/package.json"
npm install --prefix "$target" --silent --ignore-scripts --no-audit --no-fund --no-package-lock
