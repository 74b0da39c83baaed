//! Findings as JUnit XML: a suite for each subject, a test case for each rule.

use anyhow::Context as _;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::findings::{Finding, Findings, Rule};
use crate::escape;

/// Returns the document. It holds neither a time nor a duration: the same findings are the same bytes.
pub(super) fn of(subjects: &[Findings]) -> anyhow::Result<String> {
    let verb = subjects.first().map_or("", |findings| findings.verb);
    let mut report = Report::new(format!("attar {verb}"));
    for findings in subjects {
        let mut suite = TestSuite::new(escape::line(&findings.subject));
        suite.add_test_cases(findings.rules.iter().map(|rule| case(findings, rule)));
        report.add_test_suite(suite);
    }
    report.to_string().context("cannot write JUnit XML")
}

fn case(findings: &Findings, rule: &Rule) -> TestCase {
    let failing: Vec<&Finding> = findings.of(rule).filter(|finding| finding.fails()).collect();
    let status = match (failing.as_slice(), &rule.not_judged) {
        ([], None) => TestCaseStatus::success(),
        ([], Some(reason)) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&**reason);
            status
        }
        ([first, rest @ ..], _) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let more = if rest.is_empty() { String::new() } else { format!(" (and {} more)", rest.len()) };
            status.set_message(format!("{}{more}", escape::line(&first.message))).set_type(&*rule.id);
            status.set_description(failing.iter().map(|finding| described(finding)).collect::<String>());
            status
        }
    };
    let mut case = TestCase::new(format!("{} {}", rule.id, rule.title), status);
    case.set_classname(format!("attar.{}", findings.verb));
    let others: String = findings.of(rule).filter(|finding| !finding.fails()).map(described).collect();
    if !others.is_empty() {
        case.set_system_out(others);
    }
    case
}

fn described(finding: &Finding) -> String {
    let level = match finding.allowed {
        Some(_) => "allowed",
        None => finding.level.name(),
    };
    let mut text = format!("{level}: {}\n", escape::line(&finding.message));
    for location in &finding.locations {
        text.push_str(&format!("  at {location}\n"));
    }
    for (name, line) in [("fix", &finding.fix), ("reason", &finding.allowed)] {
        if let Some(line) = line {
            text.push_str(&format!("  {name}: {}\n", escape::line(line)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::output::findings::example;

    #[test]
    fn a_rule_is_a_case() {
        let text = super::of(&[example()]).expect("XML");
        insta::assert_snapshot!(text, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="attar check" tests="4" failures="1" errors="0">
            <testsuite name="reg.example:5000/acme/app:1.4" tests="4" disabled="1" errors="0" failures="1">
                <testcase name="D01 no shell" classname="attar.check">
                    <failure message="`a b%|&lt;x&gt;\n\u{1b}[1m` is a shell &amp; @someone" type="D01">error: `a b%|&lt;x&gt;\n\u{1b}[1m` is a shell &amp; @someone
          at /usr/bin/a b%|`&lt;x&gt;\n\u{1b}[1m (layer 2)
          fix: leave it out: `without: {packages: [dash]}`
        </failure>
                </testcase>
                <testcase name="D10 a user" classname="attar.check">
                    <system-out>allowed: the user is root
          at attar.yaml:3:5
          reason: runs `chown` first
        </system-out>
                </testcase>
                <testcase name="D17 size" classname="attar.check">
                    <system-out>warning: 20 MB, more than most
        </system-out>
                </testcase>
                <testcase name="D16 evidence" classname="attar.check">
                    <skipped message="no registry was asked"/>
                </testcase>
            </testsuite>
        </testsuites>
        "#);
    }
}
