#!/bin/sh
# Puts the program that draws diagrams beside the built site, so that a reader's browser needs no other server.
# Where npm is missing or has no registry, it says so and leaves it out: the theme then fetches the program from its own source.
# Usage: deploy/docs/mermaid.sh FILE
set -eu
file=$1
package=mermaid@11.12.0
kept=build/$package.js

if [ ! -s "$kept" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    if ! (command -v npm && cd "$scratch" && npm pack --silent "$package" && tar -xzf ./*.tgz package/dist/mermaid.min.js) >/dev/null 2>&1; then
        echo "diagrams: npm cannot get $package here, so they are drawn only for readers with access to the internet"
        exit 0
    fi
    cp "$scratch/package/dist/mermaid.min.js" "$kept"
fi
cp "$kept" "$file"
