//! The text after the options in the help of the whole program: what all commands have in common.

pub(super) const TEXT: &str = "\
A reference with a host names its own registry: registry.example.org:5000/team/nginx:1. For others \
it is --registry HOST[:PORT] (or http://HOST[:PORT], https://HOST[:PORT]), else REGCTL_REGISTRY, else the `registry:` of regctl/settings.yml in the user's \
configuration directory, else 127.0.0.1:5000.

In these three ssh://[USER@]HOST[:PORT][/REGISTRY-PORT] is a registry that HOST reaches on its loopback, \
by default at port 5000. The system's ssh carries the connection, with the user's own configuration; \
REGCTL_SSH is another command line for it (REGCTL_SSH='ssh -i KEY'). Such a registry may be without TLS; \
where it has TLS its certificate is not checked, as ssh has made sure of the host. Its credentials and \
certificates are those of HOST:REGISTRY-PORT. Commands that administer a root run regctl on HOST \
instead; REGCTL_REMOTE is its command line there (REGCTL_REMOTE='sudo regctl').

Credentials are those of docker and podman, as `docker login`, `podman login` and `regctl login` keep \
them. Proxies are those of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. On this machine's loopback a registry may be without \
TLS, and is sent credentials all the same; elsewhere that takes --plain-http.

Exit codes: 0 done, 1 error, 2 usage, 3 not found, 4 denied, 5 partly done, 6 unavailable after \
retries, 7 content does not match its digest, 130 interrupted.

Examples:
  regctl serve
  regctl catalog
  regctl import image.tar --registry registry.example.org:5000";
