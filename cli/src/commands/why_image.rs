//! `attar why IMAGE`: who owns a path by the image's own package data, and which layer brought it.

use attar_image::FileTree;
use attar_image::path::TreePath;
use attar_image::stack::Stack;

use super::why::{Package, Reason};
use crate::image::Opened;

/// Returns why `what` (a path, a library's name, or a package) is in an image.
pub(super) fn reasons(opened: &Opened, what: &str) -> anyhow::Result<Vec<Reason>> {
    let mut reasons = Vec::new();
    for image in &opened.images {
        let stack = opened.stack(image)?;
        let platform = image.platform.to_string();
        let found = of_stack(opened, &stack, what)?;
        reasons.extend(found.into_iter().map(|reason| Reason { images: vec![platform.clone()], ..reason }));
    }
    Ok(reasons)
}

fn of_stack(opened: &Opened, stack: &Stack, what: &str) -> anyhow::Result<Vec<Reason>> {
    let catalog = opened.catalog(stack)?;
    if let Some(found) = catalog.packages.iter().find(|package| package.name == what) {
        let origin = layer(stack, &found.recorded_in);
        let step = Package { name: found.name.clone(), version: found.version.clone(), clause: None };
        return Ok(vec![Reason { images: vec![], path: None, target: None, packages: vec![step], origin }]);
    }
    let tree = stack.tree();
    let ownership = opened.ownership(stack)?;
    let reason = |path: TreePath| {
        let owner = ownership.owner(path.as_bytes());
        let packages = owner.into_iter().map(|owner| Package {
            name: owner.name.clone(),
            version: owner.version.clone(),
            clause: None,
        });
        let packages = packages.collect();
        let target = tree.resolve(&path).filter(|target| *target != path);
        Reason {
            images: Vec::new(),
            origin: layer(stack, &path),
            target: target.map(|target| target.to_string()),
            path: Some(path.to_string()),
            packages,
        }
    };
    Ok(paths(&tree, what).into_iter().map(reason).collect())
}

/// Returns the paths that are meant: one path, or every file of this name.
fn paths(tree: &FileTree, what: &str) -> Vec<TreePath> {
    if !what.contains('/') {
        let named = tree.iter().filter(|(path, _)| path.file_name() == what.as_bytes());
        return named.map(|(path, _)| path.clone()).collect();
    }
    let Ok(path) = TreePath::parse(what) else { return Vec::new() };
    // The folders above may be links, as `/lib` is.
    let folder = path.parent().and_then(|parent| tree.resolve(&parent)).unwrap_or_default();
    folder.join(path.file_name()).ok().filter(|path| tree.contains(path)).into_iter().collect()
}

fn layer(stack: &Stack, path: &TreePath) -> String {
    let Some(number) = stack.origin(path) else { return String::from("no layer") };
    let layer = &stack.layers()[number];
    let by = layer.created_by.as_deref().map(|text| format!(" ({text})")).unwrap_or_default();
    format!("layer {} of {}{by}", number + 1, stack.layers().len())
}
