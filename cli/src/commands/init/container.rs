//! What `attar init --init-container` prints: how an image and its variant `init` start one after the
//! other, with Compose and in Kubernetes.

use std::path::Path;

use attar_builder::spec::schema::Spec;
use attar_builder::spec::{self, Selection};
use attar_image::reference::Reference;

use crate::discovery;
use crate::failure::Usage;

/// The variant that prepares the volume.
pub(super) const VARIANT: &str = "init";

/// A service with a volume that is prepared before it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// Its name in the snippets.
    name: String,
    /// Its image, with a tag.
    image: String,
    uid: u32,
    gid: u32,
    /// Where the volume is mounted.
    volume: String,
    /// The port it answers on, if the spec says one.
    port: Option<u16>,
    /// Whether the spec has the variant; none without a spec.
    variant: Option<bool>,
}

impl Service {
    /// Finds out what the nearest spec says of an image, if there is one.
    pub(super) fn find(name: &str) -> anyhow::Result<Self> {
        let image: Reference = name
            .parse()
            .map_err(|error| Usage::new(format!("`--init-container {name}` names no image: {error}")))?;
        let spec = match discovery::nearest_spec() {
            Ok(path) => Some(load(&path)?),
            Err(_) => None,
        };
        let spec = spec.as_ref().map(|(spec, variants)| (spec, variants.as_slice()));
        Ok(Self::new(name, &image, spec))
    }

    fn new(name: &str, image: &Reference, spec: Option<(&Spec, &[String])>) -> Self {
        let short = image.repository.path().rsplit('/').next().unwrap_or(name).to_owned();
        let has_tag = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
        let (uid, gid) = spec.map_or((NONROOT, NONROOT), |(spec, _)| user(spec));
        let port = |text: &String| text.split('/').next()?.parse().ok();
        Self {
            name: short,
            image: if has_tag { name.to_owned() } else { format!("{name}:1") },
            uid,
            gid,
            volume: spec
                .and_then(|(spec, _)| spec.volumes.first().cloned())
                .unwrap_or_else(|| "/data".into()),
            port: spec.and_then(|(spec, _)| spec.ports.first().and_then(port)),
            variant: spec.map(|(_, variants)| variants.iter().any(|name| name == VARIANT)),
        }
    }

    /// Says what the spec lacks, if it lacks something.
    pub(super) fn advice(&self) -> Option<String> {
        let lacks = self.variant != Some(true);
        lacks.then(|| {
            let Self { volume, uid, .. } = self;
            let subject = if self.variant.is_some() { "the spec has no variant `init`" } else { "there is no spec here" };
            format!(
                "{subject}: it needs one, and the directory of the volume with its owner:\n\
                 paths:\n  - {{path: {volume}, type: directory, owner: {uid}}}\n\
                 volumes: [{volume}]\n\
                 variants:\n  init:\n    contents:\n      packages: [{{name: busybox-static, applets: /usr/bin}}]\n\
                 \x20     files: [{{from: initialise, to: /usr/local/bin/initialise, permissions: 0755}}]\n\
                 \x20   entrypoint: {{command: [/usr/local/bin/initialise]}}"
            )
        })
    }

    /// Returns both snippets as documents of one stream.
    pub(super) fn snippets(&self) -> String {
        format!("{}---\n{}", self.compose(), self.kubernetes())
    }

    fn compose(&self) -> String {
        let Self { name, image, uid, gid, volume, port, .. } = self;
        let ports =
            port.map(|port| format!("\n    ports: [\"127.0.0.1:{port}:{port}\"]")).unwrap_or_default();
        format!(
            "\
# compose.yaml: {name} in two steps. `init` prepares the volume: it alone sees the secret, and it has no
# network. `{name}` starts when that is done, without the secret and without the tools of `init`.
#
#   mkdir -m 700 secrets && openssl rand -hex 24 | tee secrets/{name}
#   docker compose up
services:
  init:
    image: \"${{IMAGE:-{image}}}-init\"
    user: \"{uid}:{gid}\"
    network_mode: none
    secrets: [{name}-secret]
    volumes: [\"data:{volume}\"]
    read_only: true
    cap_drop: [ALL]
    security_opt: [\"no-new-privileges:true\"]
    restart: \"no\"

  {name}:
    image: \"${{IMAGE:-{image}}}\"
    user: \"{uid}:{gid}\"
    depends_on:
      init: {{condition: service_completed_successfully}}{ports}
    volumes: [\"data:{volume}\"]
    tmpfs: [/tmp]
    read_only: true
    cap_drop: [ALL]
    security_opt: [\"no-new-privileges:true\"]
    restart: unless-stopped

# A file that user {uid} of the container can read: compose mounts it as it is.
secrets:
  {name}-secret: {{file: ./secrets/{name}}}

volumes:
  data: {{}}
"
        )
    }

    fn kubernetes(&self) -> String {
        let Self { name, image, uid, gid, volume, port, .. } = self;
        let ports =
            port.map(|port| format!("\n          ports: [{{containerPort: {port}}}]")).unwrap_or_default();
        let nonroot = *uid != 0;
        format!(
            "\
# kubernetes.yaml: {name} in two steps. The init container prepares the volume, and the secret is mounted into
# it alone. Both containers run as the same user upon the same volume.
#
#   kubectl create secret generic {name} --from-file={name}-secret=secrets/{name}
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {name}
  labels: {{app.kubernetes.io/name: {name}}}
spec:
  serviceName: {name}
  replicas: 1
  selector:
    matchLabels: {{app.kubernetes.io/name: {name}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {name}}}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: {nonroot}
        runAsUser: {uid}
        runAsGroup: {gid}
        fsGroup: {gid}
        fsGroupChangePolicy: OnRootMismatch
        seccompProfile: {{type: RuntimeDefault}}
      initContainers:
        - name: init
          image: {image}-init
          securityContext: &confined
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: {{drop: [ALL]}}
          volumeMounts:
            - {{name: data, mountPath: {volume}}}
            - {{name: secret, mountPath: /run/secrets, readOnly: true}}
      containers:
        - name: {name}
          image: {image}{ports}
          securityContext: *confined
          volumeMounts:
            - {{name: data, mountPath: {volume}}}
            - {{name: temporary, mountPath: /tmp}}
      volumes:
        - {{name: secret, secret: {{secretName: {name}, defaultMode: 0440}}}}
        - {{name: temporary, emptyDir: {{}}}}
  volumeClaimTemplates:
    - metadata: {{name: data}}
      spec:
        accessModes: [ReadWriteOnce]
        resources: {{requests: {{storage: 10Gi}}}}
"
        )
    }
}

/// The user that a program runs as unless the spec says otherwise.
const NONROOT: u32 = 65532;

fn load(path: &Path) -> anyhow::Result<(Spec, Vec<String>)> {
    let document = spec::load(path)?;
    let effective = document.effective(Selection::default())?;
    Ok((effective.spec, document.variants()))
}

/// Returns user and group as numbers.
fn user(spec: &Spec) -> (u32, u32) {
    let accounts = &spec.accounts;
    let Some(name) = accounts.run_as.as_deref() else { return (NONROOT, NONROOT) };
    if let Some(user) =
        accounts.users.iter().find(|user| user.username == name || user.uid.to_string() == name)
    {
        return (user.uid, user.gid.unwrap_or(user.uid));
    }
    let number = match name {
        "root" => 0,
        "nobody" => 65534,
        other => other.parse().unwrap_or(NONROOT),
    };
    (number, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(spec: Option<&str>) -> Service {
        let parsed = spec.map(|text| {
            let document = spec::parse("attar.yaml", text, Path::new("")).expect("a spec");
            (document.effective(Selection::default()).expect("a spec").spec, document.variants())
        });
        let name = "registry.example/team/orders:1.4";
        let spec = parsed.as_ref().map(|(spec, variants)| (spec, variants.as_slice()));
        Service::new(name, &name.parse().expect("a reference"), spec)
    }

    #[test]
    fn the_nearest_spec_says_user_volume_and_port() {
        let found = service(Some(
            "accounts: {users: [{username: app, uid: 999, gid: 998}], run-as: app}\nvolumes: [/var/lib/orders]\n\
             ports: [8080]\nvariants: {init: {work-dir: /}}\n",
        ));
        let expected = Service {
            name: "orders".into(),
            image: "registry.example/team/orders:1.4".into(),
            uid: 999,
            gid: 998,
            volume: "/var/lib/orders".into(),
            port: Some(8080),
            variant: Some(true),
        };
        assert_eq!((found.advice(), found), (None, expected));
        let advice = service(None).advice().expect("there is no spec");
        let spec = advice.split_once('\n').expect("a spec follows").1;
        spec::parse("attar.yaml", spec, Path::new("")).expect("the advice is a spec");
    }

    /// The secret is for the first step alone, which has no network; both steps share user and volume.
    #[test]
    fn the_secret_stays_with_the_first_step() {
        let text = service(None).snippets();
        let (compose, kubernetes) = text.split_once("---\n").expect("two documents");
        let (init, runtime) = compose.split_once("\n  orders:\n").expect("two services");
        let (runtime, _) = runtime.split_once("\n# A file").expect("the services end");
        assert!(init.contains("network_mode: none") && init.contains("secrets: [orders-secret]"), "{init}");
        assert!(
            !runtime.contains("secret") && runtime.contains("service_completed_successfully"),
            "{runtime}"
        );
        let (init, runtime) = kubernetes.split_once("      containers:\n").expect("containers");
        let (runtime, _) = runtime.split_once("      volumes:\n").expect("the containers end");
        assert!(init.contains("fsGroup: 65532") && init.contains("mountPath: /run/secrets"), "{init}");
        assert!(!runtime.contains("secret"), "{runtime}");
        for part in [init, runtime] {
            assert!(part.contains("{name: data, mountPath: /data}"), "{part}");
        }
    }
}
