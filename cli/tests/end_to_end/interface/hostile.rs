//! Images whose texts want to act on the terminal.

use attar_testing::layers::{Codec, Layer, edit_config, write_layout};
use attar_testing::{Scratch, need};
use serde_json::json;

use super::{open_shell, shell};

/// Texts that would set the title, fill the clipboard, clear the screen, move the cursor, change the order
/// or the width of letters, or end the line.
const TEXTS: [&str; 9] = [
    "title\x1b]2;taken\x07",
    "clip\x1b]52;c;dGFrZW4=\x07",
    "clear\x1b[2J\x1b[H",
    "c1\u{9b}2J\u{9d}2;taken\u{9c}",
    "back\x08\x08\x08\rline\nfeed\ttab",
    "order\u{202e}gpj.exe\u{2066}",
    "joined\u{200b}\u{200d}\u{feff}\u{00ad}",
    "wide\u{1f9d1}\u{200d}\u{1f680}データ\u{0301}\u{0301}",
    "\x1b[?1049l\x1bc",
];

fn image() -> Scratch {
    let scratch = Scratch::new();
    let directory = TEXTS.iter().fold(Layer::new().directory("d"), |layer, text| {
        let name = text.replace('/', " ");
        layer.file(&format!("d/{name}"), *text).symlink(&format!("d/link {name}"), text)
    });
    let upper = TEXTS.iter().fold(Layer::new(), |layer, text| layer.whiteout(&format!("d/{text}")));
    let layers = [directory.tar(), Layer::new().file("all", TEXTS.join("\n")).tar(), upper.tar()];
    write_layout(&scratch.join("image"), "1", Codec::Plain, layers).expect("a layout");
    let edited = edit_config(&scratch.join("image"), |config| {
        for (step, text) in config["history"].as_array_mut().expect("steps").iter_mut().zip(TEXTS) {
            step["created_by"] = json!(format!("{text}{}", TEXTS.join(" ")));
        }
        config["config"]["Labels"] = json!({(TEXTS[0]): TEXTS[1]});
        config["config"]["Env"] = json!([format!("A={}", TEXTS.join(" "))]);
        config["author"] = json!(TEXTS[2]);
    });
    edited.expect("a configuration");
    scratch
}

#[test]
fn nothing_of_them_reaches_the_terminal() {
    let folder = image();
    let window = need!(open_shell(&folder));
    // A title can be set, so that it would be seen if it were.
    shell(&window, "printf '\\033]2;mine\\007'");
    window.wait_to_tell("#{pane_title}", "mine");
    window.text("clear\r");
    window.wait_without("status=");
    shell(&window, "$ATTAR inspect oci:image --pane tree --layer 2");
    window.wait_for("d/");
    for keys in [
        "E", "G", "g g", "1 g g", "2 j", "j", "j", "j", "j", "j", "j", "j", "j", "w", "i", "B", "D", "p",
        "t", "T",
    ] {
        window.keys(keys);
        let screen = window.screen();
        let acts = |letter: char| {
            (letter.is_control() && letter != '\n')
                || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
        };
        assert_eq!(screen.chars().find(|letter| acts(*letter)), None, "after {keys}\n{screen}");
        assert_eq!(window.tell("#{alternate_on} #{cursor_flag} #{pane_title}"), "1 0 mine", "after {keys}");
        // The frame stands: the first line has the image, the last one the keys.
        let lines: Vec<&str> = screen.lines().collect();
        assert!(lines[0].contains("oci:image"), "after {keys}\n{screen}");
    }
    // The contents, which all the texts are in.
    window.keys("1 G 2 g p C-u");
    window.text("/all\r");
    window.wait_for("layer 2: clip");
    assert_eq!(window.tell("#{alternate_on} #{cursor_flag} #{pane_title} #{buffer_size}"), "1 0 mine ");
    // They are copied as they are, since that is what was asked for, but in one piece.
    window.keys("y p");
    assert_eq!(window.copied(), "/all");
    window.keys("q");
    window.wait_for("status=0.");
    assert_eq!(window.tell("#{pane_title}"), "mine");
}
