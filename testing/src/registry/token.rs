//! The token server, and what tokens are good for.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::http::{Answer, Head, parameters};
use super::{Access, Shared};

/// Answers `/token`.
pub(super) fn give(shared: &Shared, head: &Head, body: &[u8]) -> Answer {
    let Access::Bearer { name, password, identity } = &shared.options.access else {
        return Answer::new(404);
    };
    let form = String::from_utf8_lossy(body);
    let is_known = match head.method.as_str() {
        "POST" => {
            let token = parameters(&form, "refresh_token").pop();
            let is_refresh = parameters(&form, "grant_type") == ["refresh_token"];
            if !is_refresh || token.is_none() || token != *identity {
                return Answer::error(401, "UNAUTHORIZED");
            }
            true
        }
        _ => match head.header("authorization") {
            None => false,
            Some(given) if given == basic(name, password) => true,
            Some(_) => return Answer::error(401, "UNAUTHORIZED"),
        },
    };
    let mut asked = head.query("scope");
    asked.extend(parameters(&form, "scope"));
    let mut granted = BTreeSet::new();
    for scope in asked.iter().flat_map(|scope| scope.split(' ')) {
        let Some((path, actions)) = scope.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':'))
        else {
            continue;
        };
        for action in actions.split(',').filter(|action| is_known || *action == "pull") {
            granted.insert(format!("{path}:{action}"));
        }
    }
    let mut state = shared.state();
    let token = format!("token-{}", state.number());
    state.tokens.insert(token.clone(), granted);
    let body = serde_json::json!({"token": token, "expires_in": 300});
    Answer::new(200).header("Content-Type", "application/json").body(body.to_string())
}

/// Checks whether a request may do what it wants; the answer says what is missing.
pub(super) fn check(shared: &Shared, address: SocketAddr, head: &Head, repository: &str) -> Option<Answer> {
    let given = head.header("authorization");
    match &shared.options.access {
        Access::Open => None,
        Access::Basic { name, password } if given == Some(&basic(name, password)) => None,
        Access::Basic { .. } => {
            Some(Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", "Basic realm=\"attar tests\""))
        }
        Access::Bearer { .. } => {
            let state = shared.state();
            let granted = given.and_then(|given| state.tokens.get(given.strip_prefix("Bearer ")?));
            let action = if matches!(head.method.as_str(), "GET" | "HEAD") { "pull" } else { "push" };
            let mut needed = vec![format!("{repository}:{action}")];
            needed.extend(head.query("from").iter().map(|from| format!("{from}:pull")));
            let is_enough = |granted: &BTreeSet<String>| {
                repository.is_empty() || needed.iter().all(|scope| granted.contains(scope))
            };
            if granted.is_some_and(is_enough) {
                return None;
            }
            let challenge = format!("Bearer realm=\"http://{address}/token\",service=\"attar tests\"");
            Some(Answer::error(401, "UNAUTHORIZED").header("WWW-Authenticate", challenge))
        }
    }
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", base64(format!("{name}:{password}").as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            match digit <= group.len() {
                true => text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize])),
                false => text.push('='),
            }
        }
    }
    text
}
