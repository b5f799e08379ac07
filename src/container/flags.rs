//! Which options of the clients take no value: all others do. Only so can be told where the image stands.

/// The options of one client.
pub struct Flags {
    /// In front of the command.
    pub global: Booleans,
    /// Behind `run`.
    pub run: Booleans,
}

/// Options without a value.
pub struct Booleans {
    pub short: &'static str,
    pub long: &'static [&'static str],
}

/// The options of the client of this name, if it is one.
pub fn of(program: &str) -> Option<&'static Flags> {
    match program {
        "docker" => Some(&DOCKER),
        "podman" | "podman-remote" => Some(&PODMAN),
        "nerdctl" => Some(&NERDCTL),
        _ => None,
    }
}

static DOCKER: Flags = Flags {
    global: Booleans { short: "Dv", long: &["debug", "help", "tls", "tlsverify", "version"] },
    run: Booleans {
        short: "diPqt",
        long: &[
            "detach",
            "disable-content-trust",
            "help",
            "init",
            "interactive",
            "no-healthcheck",
            "oom-kill-disable",
            "privileged",
            "publish-all",
            "quiet",
            "read-only",
            "rm",
            "sig-proxy",
            "tty",
            "use-api-socket",
        ],
    },
};

static PODMAN: Flags = Flags {
    global: Booleans {
        short: "rv",
        long: &["debug", "help", "noout", "remote", "syslog", "trace", "transient-store", "version"],
    },
    run: Booleans {
        short: "diPqt",
        long: &[
            "detach",
            "disable-content-trust",
            "env-host",
            "help",
            "http-proxy",
            "init",
            "interactive",
            "no-healthcheck",
            "no-hostname",
            "no-hosts",
            "oom-kill-disable",
            "passwd",
            "privileged",
            "publish-all",
            "quiet",
            "read-only",
            "read-only-tmpfs",
            "replace",
            "rm",
            "rmi",
            "rootfs",
            "sig-proxy",
            "tls-verify",
            "tty",
            "unsetenv-all",
        ],
    },
};

static NERDCTL: Flags = Flags {
    global: Booleans {
        short: "hv",
        long: &["debug", "debug-full", "experimental", "help", "insecure-registry", "kube-hide-dupe", "version"],
    },
    run: Booleans {
        short: "diPqt",
        long: &[
            "detach",
            "help",
            "init",
            "interactive",
            "no-healthcheck",
            "oom-kill-disable",
            "privileged",
            "publish-all",
            "quiet",
            "read-only",
            "rm",
            "rootfs",
            "sig-proxy",
            "tty",
        ],
    },
};
