//! The package for Debian, made from Cargo.toml: installed, used, removed and purged in a copy of
//! this machine's root, as far as possible without systemd as the first process.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{attempt, find, is_ci, is_root, run, skip};

/// The metadata of this package, including that for cargo-deb.
fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    all["packages"][0].clone()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key}"))
}

/// The files of an entry of `assets`; a name may contain one `*`.
fn sources(pattern: &str) -> Vec<PathBuf> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"));
    if pattern == "target/release/regctl" {
        return vec![env!("CARGO_BIN_EXE_regctl").into()];
    }
    let Some((directory, ending)) = pattern.split_once('*') else {
        return vec![base.join(pattern)];
    };
    let entries = std::fs::read_dir(base.join(directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect()
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes the package like cargo-deb.
fn package(scratch: &Path) -> PathBuf {
    let package = metadata();
    let deb = &package["metadata"]["deb"];
    let tree = scratch.join("tree");
    for asset in deb["assets"].as_array().unwrap() {
        let [source, target, permissions] = [0, 1, 2].map(|index| asset[index].as_str().unwrap());
        let found = sources(source);
        assert!(!found.is_empty(), "{source}");
        for file in found {
            let mut path = tree.join(target);
            if target.ends_with('/') {
                path.push(file.file_name().unwrap());
            }
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if std::fs::hard_link(&file, &path).is_err() || !source.starts_with("target") {
                let _ = std::fs::remove_file(&path);
                std::fs::copy(&file, &path).unwrap();
                mode(&path, u32::from_str_radix(permissions, 8).unwrap());
            }
        }
    }
    let debian = tree.join("DEBIAN");
    std::fs::create_dir_all(&debian).unwrap();
    let architecture = run(Command::new("dpkg").arg("--print-architecture"));
    let control = format!(
        "Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: {}\nSection: {}\nPriority: {}\n\
         Depends: {}\nDescription: {}\n",
        text(&package, "name"),
        text(&package, "version"),
        architecture.trim(),
        text(deb, "maintainer"),
        text(deb, "section"),
        text(deb, "priority"),
        text(deb, "depends").replace("$auto", "libc6"),
        text(&package, "description"),
    );
    std::fs::write(debian.join("control"), control).unwrap();
    let files = deb["conf-files"].as_array().unwrap();
    let files = files
        .iter()
        .map(|file| format!("{}\n", file.as_str().unwrap()));
    std::fs::write(debian.join("conffiles"), files.collect::<String>()).unwrap();
    for name in ["postinst", "prerm", "postrm"] {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join(text(deb, "maintainer-scripts"));
        let path = debian.join(name);
        std::fs::copy(scripts.join(name), &path).unwrap();
        mode(&path, 0o755);
    }
    mode(&debian, 0o755);
    let file = scratch.join("regctl.deb");
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Znone", "--build"])
        .args([&tree, &file]));
    file
}

/// The steps in the root, with the package in `/regctl.deb`. Each checks its result.
const STEPS: &str = r#"
set -eu
fail() { echo "FAILED: $*"; exit 1; }
export DEBIAN_FRONTEND=noninteractive
if [ -d /run/systemd/system ]; then rm -rf /run/systemd; fi

dpkg -i /regctl.deb >/dev/null || fail "the installation"
id regctl >/dev/null || fail "there is no user"
[ "$(stat -c %U:%a /var/lib/regctl)" = regctl:750 ] || fail "the directory"
[ "$(stat -c %U:%G:%a /etc/regctl/config.yml)" = root:regctl:640 ] || fail "the configuration"
[ -e /etc/systemd/system/multi-user.target.wants/regctl.service ] || fail "the unit is off"
[ ! -e /etc/systemd/system/timers.target.wants/regctl-gc.timer ] || fail "the timer is on"
[ ! -e /etc/systemd/system/sockets.target.wants/regctl.socket ] || fail "the socket is on"
[ -s /usr/share/man/man1/regctl.1 ] || [ -s /usr/share/man/man1/regctl.1.gz ] ||
    grep -rqs 'path-exclude.*man' /etc/dpkg/dpkg.cfg.d || fail "the manual"
[ -s /usr/share/bash-completion/completions/regctl ] || fail "the completions"

# The configuration is found without being named, by who may read it.
regctl serve --check | grep -q 'Data in: /var/lib/regctl' || fail "the configuration is not found"
su -s /bin/sh nobody -c 'regctl serve --check' | grep -q 'Configuration: defaults' || fail "nobody"

# It runs as its own user, at another port than the one that this machine may use.
sed -i 's/127.0.0.1:5000/127.0.0.1:0/' /etc/regctl/config.yml
su -s /bin/sh regctl -c 'exec regctl serve --config /etc/regctl/config.yml' >/tmp/log 2>&1 &
for _ in $(seq 300); do
    [ -S /var/lib/regctl/regctl/admin.sock ] && break
    sleep 0.1
done
regctl user list >/dev/null || fail "commands do not reach the server"
su -s /bin/sh regctl -c 'regctl gc -q --config /etc/regctl/config.yml' || fail "gc"
server=$(sed 's/[^0-9].*//' /var/lib/regctl/regctl/lock)
kill "$server"
wait || fail "the server's end: $(cat /tmp/log)"

# An upgrade keeps what was changed; a removal keeps the configuration; a purge keeps the images.
dpkg -i /regctl.deb >/dev/null || fail "the upgrade"
grep -q 127.0.0.1:0 /etc/regctl/config.yml || fail "the upgrade took the configuration back"
dpkg -r regctl >/dev/null || fail "the removal"
[ ! -e /usr/bin/regctl ] || fail "the program is left"
[ -e /etc/regctl/config.yml ] || fail "the removal took the configuration"
dpkg -P regctl >/tmp/purge 2>&1 || fail "the purge: $(cat /tmp/purge)"
grep -q 'kept: /var/lib/regctl' /tmp/purge || fail "the purge does not say what it kept"
[ ! -e /etc/regctl ] || fail "the purge left the configuration"
[ -d /var/lib/regctl/regctl ] || fail "the purge took the data"
find /etc/systemd /var/lib/systemd -name '*regctl*' | grep . && fail "units are left"

# Without data nothing is left at all.
rm -r /var/lib/regctl
dpkg -i /regctl.deb >/dev/null && dpkg -P regctl >/dev/null || fail "the second time"
[ ! -e /var/lib/regctl ] || fail "an empty directory is left"
if getent passwd regctl; then fail "the user is left"; fi
echo done
"#;

#[test]
fn the_package_is_installed_used_and_purged_on_debian() {
    if !is_root() || find("dpkg-deb").is_none() || find("deb-systemd-helper").is_none() {
        assert!(!is_ci(), "this wants root on Debian");
        skip("this wants root on Debian");
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let package = package(scratch.path());
    // This machine's root with all changes in memory, in a mount namespace that ends with it.
    let script = "set -e; base=$1; package=$2; steps=$3
        mount -t tmpfs tmpfs \"$base\"; mkdir \"$base/up\" \"$base/work\" \"$base/root\"
        cp \"$steps\" \"$base/steps\"
        mount -t overlay overlay -o \"lowerdir=/,upperdir=$base/up,workdir=$base/work\" \"$base/root\"
        ln \"$package\" \"$base/regctl.deb\" 2>/dev/null || cp \"$package\" \"$base/regctl.deb\"
        touch \"$base/root/regctl.deb\"; mount --bind \"$base/regctl.deb\" \"$base/root/regctl.deb\"
        mount -t proc proc \"$base/root/proc\"; mount --bind /dev \"$base/root/dev\"
        mkdir -p \"$base/root/tmp\"; mount -t tmpfs tmpfs \"$base/root/tmp\"
        mount -t tmpfs tmpfs \"$base/root/run\"
        cp \"$base/steps\" \"$base/root/steps\"; chmod 1777 \"$base/root/tmp\"
        exec chroot \"$base/root\" sh /steps";
    let base = scratch.path().join("base");
    std::fs::create_dir(&base).unwrap();
    let steps = scratch.path().join("steps");
    std::fs::write(&steps, STEPS).unwrap();
    let output = attempt(
        Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh"])
            .args([&base, &package, &steps])
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ),
    );
    if output.text.contains("mount:") && !is_ci() {
        skip("this wants the right to mount");
        return;
    }
    assert!(
        output.success && output.text.ends_with("done\n"),
        "{}",
        output.text
    );
}
