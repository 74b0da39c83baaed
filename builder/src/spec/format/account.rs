//! Accounts, capabilities and certificates.

use super::Expected;
use crate::spec::diagnostic::nearest;

/// The longest name of a user or group.
const MAX_NAME: usize = 32;

/// A user or group: a name, or a number.
pub(super) fn reference(text: &str) -> Result<(), Expected> {
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return match text.parse::<u32>() {
            Ok(number) if number < u32::MAX => Ok(()),
            _ if text.contains(':') => {
                Err(Expected::new("a name or a number").help("the group follows from the user"))
            }
            _ => Err(Expected::new("a name, or a number from 0 to 4294967294")),
        };
    }
    name(text)
}

/// A name as `useradd` takes it.
pub(super) fn name(text: &str) -> Result<(), Expected> {
    let body = text.strip_suffix('$').unwrap_or(text);
    let starts_well = body.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if starts_well && body.chars().all(allowed) && text.len() <= MAX_NAME {
        return Ok(());
    }
    Err(Expected::new(format!("a name of letters, digits, `.`, `_`, `-`, at most {MAX_NAME}")))
}

/// The capabilities of Linux, by number.
const CAPABILITIES: &[&str] = &[
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
];

/// File capabilities: names, `=` or `+`, and the sets they are in.
pub(super) fn capabilities(text: &str) -> Result<(), Expected> {
    let expected = || Expected::new("capabilities such as `cap_net_bind_service=+ep`");
    if text.trim().is_empty() {
        return Err(expected());
    }
    for clause in text.split_whitespace() {
        let at = clause.find(['=', '+', '-']).ok_or_else(expected)?;
        let (names, flags) = clause.split_at(at);
        if flags.contains('-')
            || !flags.chars().all(|c| "=+eip".contains(c))
            || !flags.contains(['e', 'i', 'p'])
        {
            return Err(expected().label("the sets are `e`, `i`, `p`"));
        }
        for name in names.split(',').filter(|name| *name != "all") {
            let lower = name.to_ascii_lowercase();
            if !CAPABILITIES.contains(&lower.as_str()) {
                let near = nearest(&lower, CAPABILITIES.iter().copied());
                let expected = expected();
                return Err(match near {
                    Some(near) => expected.label(format!("did you mean `{near}`?")),
                    None => expected.label(format!("`{name}` is no capability")),
                });
            }
        }
    }
    Ok(())
}

/// One certificate in PEM.
pub(super) fn certificate(text: &str) -> Result<(), Expected> {
    let expected = Expected::new("one certificate in PEM");
    if text.contains("PRIVATE KEY") {
        return Err(expected.help("this is a private key: it must not stand in a spec"));
    }
    let count = text.matches("-----BEGIN CERTIFICATE-----").count();
    match (count, text.contains("-----END CERTIFICATE-----")) {
        (1, true) => Ok(()),
        (0 | 1, _) => Err(expected.help("it stands between `-----BEGIN CERTIFICATE-----` and its end")),
        (count, _) => Err(expected.label(format!("{count} certificates: one for each entry"))),
    }
}

/// The name of a certificate's file.
pub(super) fn certificate_name(text: &str) -> Result<(), Expected> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !text.is_empty() && !text.starts_with('.') && text.chars().all(allowed) {
        return Ok(());
    }
    Err(Expected::new("a name of letters, digits, `.`, `_`, `-`"))
}
