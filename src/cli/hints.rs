//! Commands of other programs that do not exist here, and our equivalents.

/// Commands of other programs, and the hint for each.
const HINTS: [(&str, &str); 25] = [
    (
        "push",
        "`docker push HOST/NAME:TAG` pushes an image that docker has, `regctl import ARCHIVE` the \
         images of an archive",
    ),
    (
        "pull",
        "`docker pull HOST/NAME:TAG` pulls an image, `regctl export NAME:TAG -o FILE` writes it into \
         an archive",
    ),
    (
        "images",
        "`regctl catalog` lists repositories, `regctl tags REPOSITORY` their tags",
    ),
    ("rmi", "`regctl delete REPOSITORY:TAG` deletes a tag"),
    (
        "load",
        "`regctl import ARCHIVE` brings the images of an archive into the registry",
    ),
    (
        "save",
        "`regctl export NAME:TAG -o FILE` writes an image into an archive",
    ),
    (
        "tag",
        "`regctl copy NAME:TAG NAME:OTHER` gives an image another tag, `regctl tags REPOSITORY` lists \
         tags",
    ),
    (
        "search",
        "`regctl catalog --filter '**NAME**'` lists the repositories with such a name",
    ),
    ("repo", "`regctl catalog` lists repositories"),
    (
        "registry",
        "`regctl login`, `logout` and `whoami` are about a registry, `regctl serve` is one",
    ),
    ("blob", OTHER_REGCTL),
    ("artifact", OTHER_REGCTL),
    ("index", OTHER_REGCTL),
    ("ref", OTHER_REGCTL),
    (
        "config",
        "`regctl manifest inspect -o json REF` has an image's configuration, `regctl serve --check` \
         says what a registry's configuration means",
    ),
    ("mutate", NO_CHANGES),
    ("append", NO_CHANGES),
    ("rebase", NO_CHANGES),
    ("flatten", NO_CHANGES),
    ("validate", "`regctl check` examines a registry's data"),
    ("build", "`docker build` builds an image"),
    (
        "run",
        "`regctl serve` runs a registry, `docker run` a container",
    ),
    ("start", "`regctl serve` runs a registry"),
    ("stop", "SIGTERM stops a registry"),
    ("garbage", "`regctl gc` collects garbage"),
];

const OTHER_REGCTL: &str = "that is a command of regclient's regctl, which is another program; \
                            `regctl --help` lists what this one does";
const NO_CHANGES: &str = "regctl changes no images; `regctl --help` lists what it does";

/// The hint for a command of another program.
pub(super) fn hint(command: &str) -> Option<&'static str> {
    let known = HINTS.iter().find(|(name, _)| *name == command);
    known.map(|(_, hint)| *hint)
}
