//! Configuration, history and manifest of an image, one fact a line.

use attar_image::layout::Image;
use attar_image::manifest::Config;

use crate::tui::format;
use crate::tui::listing::{Column, Jump, Line, Listing, Width};
use crate::tui::source::Opened;

/// Lists what the documents of an image say.
pub(crate) fn facts(opened: &Opened) -> Listing {
    let columns = vec![Column::new("what", Width::Text(24), 0), Column::new("value", Width::Rest, 0)];
    let mut list = Listing::new("image", columns);
    let image = &opened.image;
    let mut add = |what: &str, value: String| list.rows.push(Line::of([what.to_owned(), value]));
    add("source", opened.place.clone());
    if opened.is_root {
        add("kind", "root file system: there are no documents of an image".to_owned());
        return list;
    }
    add("platform", image.platform.to_string());
    if opened.platforms.len() > 1 {
        let all: Vec<String> = opened.platforms.iter().map(ToString::to_string).collect();
        add("platforms", all.join(", "));
    }
    add("manifest", image.descriptor.digest.to_string());
    add("media type", image.descriptor.media_type.clone());
    let size: u64 = image.manifest.layers.iter().fold(0, |sum, layer| sum.saturating_add(layer.size));
    add("layers", format!("{}, {} to pull", image.manifest.layers.len(), format::bytes(size)));
    list.rows.extend(configuration(image));
    list.rows.extend(history(image));
    list
}

fn configuration(image: &Image) -> Vec<Line> {
    let none = Config::default();
    let config = image.config.config.as_ref().unwrap_or(&none);
    let mut lines = vec![Line::heading("configuration")];
    let mut add = |what: &str, value: String| {
        if !value.is_empty() {
            lines.push(Line::of([what.to_owned(), value]));
        }
    };
    let words = |words: &[String]| words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(" ");
    add("entrypoint", config.entrypoint.as_deref().map(words).unwrap_or_default());
    add("command", config.cmd.as_deref().map(words).unwrap_or_default());
    add("user", config.user.clone());
    add("working directory", config.working_dir.clone());
    for variable in &config.env {
        add("environment", variable.clone());
    }
    for port in config.exposed_ports.keys() {
        add("port", port.clone());
    }
    for volume in config.volumes.keys() {
        add("volume", volume.clone());
    }
    add("stop signal", config.stop_signal.clone().unwrap_or_default());
    add("health check", config.healthcheck.as_ref().map(|check| words(&check.test)).unwrap_or_default());
    for (name, value) in &config.labels {
        add("label", format!("{name}={value}"));
    }
    for (name, value) in &image.manifest.annotations {
        add("annotation", format!("{name}={value}"));
    }
    add("created", image.config.created.clone().unwrap_or_default());
    lines
}

fn history(image: &Image) -> Vec<Line> {
    let mut lines = vec![Line::heading("history")];
    let mut layer = 0;
    for step in &image.config.history {
        let command = step.created_by.clone().or_else(|| step.comment.clone()).unwrap_or_default();
        if step.empty_layer {
            lines.push(Line::of(["no layer".to_owned(), command]));
        } else {
            lines.push(Line::of([format!("layer {}", layer + 1), command]).to(Jump::Layer(layer)));
            layer += 1;
        }
    }
    lines
}
