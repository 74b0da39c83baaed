//! YAML documents as values, for files that other programs read: compose files, manifests.

use std::collections::BTreeMap;

use anyhow::Context as _;
use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// Reads all documents of a text. Every scalar but plain `true`, `false`, `null` and decimal numbers is
/// text.
pub fn documents(text: &str) -> anyhow::Result<Vec<Value>> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        reader.event(event).with_context(|| format!("line {}", span.start.line()))?;
    }
    Ok(reader.documents)
}

#[derive(Default)]
struct Reader {
    documents: Vec<Value>,
    open: Vec<(usize, Open)>,
    anchors: BTreeMap<usize, Value>,
}

enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

impl Reader {
    fn event(&mut self, event: Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::Scalar(text, style, anchor, _) => self.value(scalar(&text, style), anchor),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).context("an alias without its anchor")?.clone();
                self.value(value, 0)
            }
            Event::SequenceStart(anchor, _) => {
                self.open.push((anchor, Open::List(Vec::new())));
                Ok(())
            }
            Event::MappingStart(anchor, _) => {
                self.open.push((anchor, Open::Map(Map::new(), None)));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop().context("nothing is open")? {
                (anchor, Open::List(list)) => self.value(Value::Array(list), anchor),
                (anchor, Open::Map(map, _)) => self.value(Value::Object(map), anchor),
            },
            _ => Ok(()),
        }
    }

    fn value(&mut self, value: Value, anchor: usize) -> anyhow::Result<()> {
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.documents.push(value),
            Some((_, Open::List(list))) => list.push(value),
            Some((_, Open::Map(map, key))) => match key.take() {
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            },
        }
        Ok(())
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match text {
        _ if style != ScalarStyle::Plain => Value::from(text),
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        // `0440` stays as it is written: what it means differs between readers.
        _ if text.len() > 1 && text.starts_with('0') => Value::from(text),
        _ => text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::documents;

    #[test]
    fn documents_with_aliases() {
        let text = "a: &x {b: [1, \"2\", 0440, yes]}\nc: *x\n---\n- true\n- ~\n";
        let inner = json!({"b": [1, "2", "0440", "yes"]});
        let read = documents(text).expect("two documents");
        assert_eq!(read, [json!({"a": inner, "c": inner}), json!([true, null])]);
        assert!(documents("a: [").is_err());
    }
}
