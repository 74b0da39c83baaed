//! Kubernetes manifests: the containers of every pod, whichever object it stands in.

use serde_json::Value;

use super::{Container, InvalidWorkload, Overrides, Role, Workload, text, words, wrong};

/// The deepest nesting of lists in lists.
const MAX_DEPTH: usize = 8;

/// Reads the containers of all documents of a manifest.
pub(super) fn containers(documents: &[Value]) -> Result<Workload, InvalidWorkload> {
    let mut workload = Workload::default();
    for document in documents {
        object(document, &mut workload, 0)?;
    }
    Ok(workload)
}

fn object(object: &Value, workload: &mut Workload, depth: usize) -> Result<(), InvalidWorkload> {
    let kind = object["kind"].as_str().unwrap_or_default();
    if kind == "List" && depth < MAX_DEPTH {
        let items = object["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        return items.iter().try_for_each(|item| self::object(item, workload, depth + 1));
    }
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().or(metadata["generateName"].as_str()).unwrap_or("unnamed");
    match pod(object) {
        Some(pod) => self::pod_containers(&format!("{}/{name}", kind.to_lowercase()), pod, workload),
        None => Ok(()),
    }
}

/// Returns the specification of the pods that an object is or makes: known kinds, and whatever has one at a
/// place where known kinds have it.
fn pod(object: &Value) -> Option<&Value> {
    let spec = &object["spec"];
    let places = [
        &spec["jobTemplate"]["spec"]["template"]["spec"],
        &spec["template"]["spec"],
        &object["template"]["spec"],
        spec,
    ];
    places.into_iter().find(|place| place["containers"].is_array())
}

fn pod_containers(place: &str, pod: &Value, workload: &mut Workload) -> Result<(), InvalidWorkload> {
    let lists =
        [("initContainers", Role::Init), ("containers", Role::Main), ("ephemeralContainers", Role::Debug)];
    for (key, role) in lists {
        let list = match &pod[key] {
            Value::Null => continue,
            Value::Array(list) => list,
            _ => return Err(wrong(place, format!("`{key}`: expected a list"))),
        };
        for container in list {
            let name = container["name"].as_str().unwrap_or("unnamed");
            let place = format!("{place}, container {name}");
            let Some(image) = text(&container["image"]).filter(|image| !image.is_empty()) else {
                workload.left_out.push(format!("{place} names no image"));
                continue;
            };
            // An init container that is restarted runs beside the others until they end.
            let is_sidecar = role == Role::Init && container["restartPolicy"] == "Always";
            let overrides = overrides(&place, pod, container)?;
            let role = if is_sidecar { Role::Main } else { role };
            workload.containers.push(Container { image, role, platform: platform(pod), overrides, place });
        }
    }
    Ok(())
}

/// Returns the platform of the nodes that a pod selects.
fn platform(pod: &Value) -> Option<String> {
    let selector = &pod["nodeSelector"];
    let os = selector["kubernetes.io/os"].as_str().unwrap_or("linux");
    selector["kubernetes.io/arch"].as_str().map(|architecture| format!("{os}/{architecture}"))
}

fn overrides(place: &str, pod: &Value, container: &Value) -> Result<Overrides, InvalidWorkload> {
    let setting = |key: &str| {
        let own = text(&container["securityContext"][key]);
        own.or_else(|| text(&pod["securityContext"][key]))
    };
    let user = setting("runAsUser").map(|user| match setting("runAsGroup") {
        Some(group) => format!("{user}:{group}"),
        None => user,
    });
    let variables = container["env"].as_array().map(Vec::as_slice).unwrap_or_default();
    // Values that come from elsewhere are not known here.
    let variable =
        |variable: &Value| Some((variable["name"].as_str()?.to_owned(), text(&variable["value"])?));
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"];
    let probe = probes.iter().find_map(|probe| container[probe]["exec"]["command"].as_array());
    let test = probe.map(|command| {
        std::iter::once("CMD".to_owned()).chain(command.iter().filter_map(text)).collect::<Vec<_>>()
    });
    Ok(Overrides {
        entrypoint: words(place, "command", &container["command"])?,
        arguments: words(place, "args", &container["args"])?,
        user,
        directory: text(&container["workingDir"]),
        environment: variables.iter().filter_map(variable).collect(),
        // Kubernetes does not look at the image's own health check.
        healthcheck: Some(test),
    })
}

#[cfg(test)]
mod tests {
    use attar_builder::spec::read_documents;

    use super::*;

    fn read(text: &str) -> Workload {
        containers(&read_documents("pod.yaml", text).expect("YAML")).expect("a manifest")
    }

    #[test]
    fn every_kind_has_its_pods() {
        let pod = "{containers: [{name: a, image: i}]}";
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {pod}\n---\n\
             apiVersion: v1\nkind: List\nitems:\n\
             - {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: d}}, spec: {{template: {{spec: {pod}}}}}}}\n\
             - {{apiVersion: apps/v1, kind: DaemonSet, metadata: {{name: e}}, spec: {{template: {{spec: {pod}}}}}}}\n\
             - {{apiVersion: batch/v1, kind: Job, metadata: {{generateName: j-}}, spec: {{template: {{spec: {pod}}}}}}}\n\
             ---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: c}}\n\
             spec: {{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}\n---\n\
             apiVersion: v1\nkind: PodTemplate\ntemplate: {{spec: {pod}}}\n---\n\
             apiVersion: v1\nkind: ConfigMap\ndata: {{containers: none}}\n---\n"
        );
        let places: Vec<String> = read(&text).containers.into_iter().map(|it| it.place).collect();
        assert_eq!(
            places,
            [
                "pod/p, container a",
                "deployment/d, container a",
                "daemonset/e, container a",
                "job/j-, container a",
                "cronjob/c, container a",
                "podtemplate/unnamed, container a",
            ]
        );
    }

    #[test]
    fn roles_and_overrides() {
        let text = r#"
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  nodeSelector: {kubernetes.io/arch: arm64}
  securityContext: {runAsUser: 999, runAsGroup: 998}
  initContainers:
    - {name: prepare, image: tool, command: [/bin/sh, -c, "true"]}
    - {name: proxy, image: proxy, restartPolicy: Always}
  containers:
    - name: api
      image: api
      args: [serve, 1]
      workingDir: /srv
      env: [{name: A, value: b}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}]
      securityContext: {runAsUser: 7}
      livenessProbe: {exec: {command: [/api, live]}}
      readinessProbe: {httpGet: {port: 80}}
    - {name: empty}
  ephemeralContainers: [{name: look, image: debug}]
"#;
        let workload = read(text);
        assert_eq!(workload.left_out, ["pod/p, container empty names no image"]);
        let seen: Vec<_> = workload
            .containers
            .iter()
            .map(|it| format!("{} {:?} {}", it.image, it.role, it.overrides.user.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            seen,
            ["tool Init 999:998", "proxy Main 999:998", "api Main 7:998", "debug Debug 999:998"]
        );
        let api = &workload.containers[2];
        assert_eq!(api.platform.as_deref(), Some("linux/arm64"));
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            api.overrides,
            Overrides {
                entrypoint: None,
                arguments: Some(words(&["serve", "1"])),
                user: Some("7:998".into()),
                directory: Some("/srv".into()),
                environment: vec![("A".into(), "b".into())],
                healthcheck: Some(Some(words(&["CMD", "/api", "live"]))),
            }
        );
    }
}
