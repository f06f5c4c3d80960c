# Shared by .ci/run, .ci/quick and .ci/nightly.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TERM_COLOR=never CARGO_INCREMENTAL="${CARGO_INCREMENTAL:-0}"

# What decides whether a change lands must give the same answer twice: properties and fuzzers start here from a seed
# that is written down. .ci/nightly takes a new one each time, and prints it.
export PROPTEST_RNG_SEED="${PROPTEST_RNG_SEED:-1922}" FUZZ_SEED="${FUZZ_SEED:-1922}"

# step NAME COMMAND...: says what runs and how long it took.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n=== %s\n' "$name"
  "$@"
  printf -- '--- %s: %d s\n' "$name" $((SECONDS - began))
}

# need COMMAND PACKAGE...: installs Debian packages by name where the command is missing.
need() {
  local command=$1
  shift
  if ! command -v "$command" >/dev/null 2>&1; then
    echo "installing $* (no $command here)"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
  fi
}

# need_python: Python with what makes environments of its own, which Debian has in a package apart.
need_python() {
  if ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
    echo "installing python3 python3-venv"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >/dev/null
  fi
}

# need_cargo COMMAND CRATE: installs a cargo tool where it is missing.
need_cargo() {
  command -v "$1" >/dev/null 2>&1 || cargo install --quiet --locked "$2"
}

lints() {
  cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings
}

docs() {
  RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --no-deps --all-features
}

# killed TIMES [--release]: so many kills over each of the two stores, with what the tests have built.
killed() {
  local times=$1
  shift
  FEDERATE_REQUIRE_POSTGRES=1 FEDERATE_KILLS="$times" \
    cargo test --quiet "$@" --workspace --test it -- --nocapture p1_kill_9_of
}

# fuzz SECONDS: every target for so long, with its seeds.
fuzz() {
  local seconds=$1 target
  need_cargo cargo-fuzz cargo-fuzz
  for target in $(cd fuzz && cargo +nightly fuzz list); do
    mkdir -p "fuzz/corpus/$target"
    if ! (cd fuzz && cargo +nightly fuzz run --sanitizer none "$target" "corpus/$target" "seeds/$target" -- \
      -seed="$FUZZ_SEED" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=5 -close_fd_mask=1) >"fuzz/$target.log" 2>&1; then
      tail -n 60 "fuzz/$target.log"
      return 1
    fi
    echo "fuzz: $target ran $seconds s without a finding"
  done
}
