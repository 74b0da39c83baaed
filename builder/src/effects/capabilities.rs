//! File capabilities: from the text that `setcap` takes to the attribute `security.capability`.

use attar_image::path::escape;

/// Name of the extended attribute.
pub const ATTRIBUTE: &str = "security.capability";

/// Names in the order of their numbers, without `cap_`.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// A text that names no capabilities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` names no capabilities: {why}")]
pub struct InvalidCapabilities {
    text: String,
    why: &'static str,
}

/// Encodes `cap_net_raw,cap_net_admin=ep` as the kernel keeps it, in the form without a namespace.
pub fn encode(text: &str) -> Result<Vec<u8>, InvalidCapabilities> {
    let error = |why| InvalidCapabilities { text: escape(text.as_bytes()), why };
    let (mut effective, mut permitted, mut inheritable) = (0u64, 0u64, 0u64);
    for clause in text.split_ascii_whitespace() {
        let start =
            clause.find(['=', '+', '-']).ok_or_else(|| error("expected `=`, `+` or `-` and letters"))?;
        let named = match &clause[..start] {
            "" | "all" => (1 << NAMES.len()) - 1,
            names => names
                .split(',')
                .try_fold(0, |bits, name| Some(bits | 1 << number(name)?))
                .ok_or_else(|| error("a name is unknown"))?,
        };
        let mut rest = &clause[start..];
        while let Some(operation) = rest.chars().next() {
            let end = rest[1..].find(['=', '+', '-']).map_or(rest.len(), |end| end + 1);
            let letters = &rest[1..end];
            if !letters.chars().all(|letter| matches!(letter, 'e' | 'i' | 'p')) {
                return Err(error("expected the letters `e`, `i`, `p`"));
            }
            for (set, letter) in [(&mut effective, 'e'), (&mut permitted, 'p'), (&mut inheritable, 'i')] {
                match (operation, letters.contains(letter)) {
                    ('-', true) | ('=', false) => *set &= !named,
                    (_, true) => *set |= named,
                    _ => {}
                }
            }
            rest = &rest[end..];
        }
    }
    if permitted | inheritable == 0 {
        return Err(error("none remains"));
    }
    // The file has one effective bit: all that is permitted or inherited, or nothing.
    if effective != 0 && effective != permitted | inheritable {
        return Err(error("a file's effective capabilities are all of them, or none"));
    }
    let mut value = (0x0200_0000u32 | u32::from(effective != 0)).to_le_bytes().to_vec();
    for half in [0, 32] {
        value.extend_from_slice(&((permitted >> half) as u32).to_le_bytes());
        value.extend_from_slice(&((inheritable >> half) as u32).to_le_bytes());
    }
    Ok(value)
}

fn number(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("cap_")?;
    NAMES.iter().position(|known| *known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_encoded_as_the_kernel_keeps_them() {
        for (text, expected) in [
            ("cap_net_raw+ep", "0100000200200000000000000000000000000000"),
            ("cap_net_raw=+ep", "0100000200200000000000000000000000000000"),
            ("cap_net_raw,cap_net_admin=eip", "0100000200300000003000000000000000000000"),
            ("cap_net_bind_service=p", "0000000200040000000000000000000000000000"),
            ("CAP_BPF=ep cap_chown+p-p", "0100000200000000000000008000000000000000"),
        ] {
            let value =
                encode(text).map(|value| value.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            assert_eq!(value.as_deref(), Ok(expected), "{text}");
        }
        for (text, expected) in [
            ("", "`` names no capabilities: none remains"),
            ("cap_net_raw", "`cap_net_raw` names no capabilities: expected `=`, `+` or `-` and letters"),
            ("cap_fly=ep", "`cap_fly=ep` names no capabilities: a name is unknown"),
            ("cap_kill=x", "`cap_kill=x` names no capabilities: expected the letters `e`, `i`, `p`"),
            (
                "cap_kill=ep cap_bpf=p",
                "`cap_kill=ep cap_bpf=p` names no capabilities: a file's effective capabilities are all of them, or none",
            ),
        ] {
            assert_eq!(encode(text).map_err(|error| error.to_string()), Err(expected.to_owned()));
        }
    }
}
