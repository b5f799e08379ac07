//! The variables that a server sees which `npx` runs, beside those that it was given.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::cache::Found;
use super::command::{NpxCommand, Package};
use super::config::Config;
use super::installation::Installation;
use super::local::Project;
use crate::server::launch::{Known, View, doubt};

/// Variables by which npm knows the service that it runs on, which it then names (`ci-info`).
const SERVICES: &str = "AC_APPCIRCLE AGOLA_GIT_REF ALPIC_HOST APPCENTER_BUILD_ID APPVEYOR BITBUCKET_COMMIT BITRISE_IO \
    BUDDY_WORKSPACE_ID BUILDER_OUTPUT BUILDKITE BUILD_ID CF_BUILD_ID CF_PAGES CIRCLECI CIRRUS_CI CI_NAME \
    CI_XCODE_PROJECT CM_BUILD_ID CODEBUILD_BUILD_ARN DRONE DSARI EARTHLY_CI EAS_BUILD GERRIT_PROJECT GITEA_ACTIONS \
    GITHUB_ACTIONS GITLAB_CI GO_PIPELINE_LABEL HARNESS_BUILD_ID HUDSON_URL JENKINS_URL LAYERCI MAGNUM NETLIFY NEVERCODE \
    NOW_BUILDER PROW_JOB_ID RELEASE_BUILD_ID RENDER RUN_ID SAILCI SCREWDRIVER SEMAPHORE STRIDER TASK_ID TEAMCITY_VERSION \
    TF_BUILD TRAVIS VELA VERCEL WORKERS_CI XCS bamboo_planKey";

/// What the variables are made of.
pub struct Parts<'a> {
    pub command: &'a NpxCommand,
    pub npm: &'a Installation,
    pub project: &'a Project,
    pub config: &'a Config,
    pub found: &'a Found,
    /// Without links.
    pub directory: &'a Path,
}

/// All of them, with their values.
pub fn of(view: &View<'_>, parts: &Parts<'_>) -> Known<Vec<(String, String)>> {
    check_service(view)?;
    let Parts { npm, config, project, .. } = parts;
    let mut variables: Vec<(String, String)> = config.variables(npm, project).into_iter().collect();
    variables.extend(options(parts.command));
    variables.extend(project.variables()?);
    let node = npm.node.display().to_string();
    let editor = view.set("EDITOR")?.or(view.set("VISUAL")?).unwrap_or("vi");
    let directory = parts.directory.display();
    let usual = [
        ("COLOR", "0".to_owned()),
        ("EDITOR", editor.to_owned()),
        ("HOME", config.home.clone()),
        ("INIT_CWD", directory.to_string()),
        ("NODE", node.clone()),
        ("PATH", path(view, parts)?),
        ("PWD", working_directory(view, parts.directory)?),
        ("npm_command", "exec".to_owned()),
        ("npm_execpath", npm.root.join("bin/npm-cli.js").display().to_string()),
        ("npm_lifecycle_event", "npx".to_owned()),
        ("npm_lifecycle_script", npm.version.quote(&parts.found.name)),
        ("npm_node_execpath", node),
        ("npm_package_json", parts.directory.join("package.json").display().to_string()),
    ];
    variables.extend(usual.map(|(name, value)| (name.to_owned(), value)));
    Ok(variables)
}

/// Those of the command line.
fn options(command: &NpxCommand) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if command.yes {
        found.push(("npm_config_yes".to_owned(), "true".to_owned()));
    }
    if command.bin.is_some() {
        let ids: Vec<String> = command.packages.iter().map(Package::id).collect();
        found.push(("npm_config_package".to_owned(), ids.join("\n\n")));
    }
    found
}

/// Programs of the cache come first, then those of all directories above, then those that npm brings.
fn path(view: &View<'_>, parts: &Parts<'_>) -> Known<String> {
    let is_other = |name: &str| name.eq_ignore_ascii_case("PATH") && name != "PATH";
    let has_other = view.variables.keys().any(|name| name.to_str().is_some_and(is_other));
    let Some(inherited) = view.set("PATH")?.filter(|_| !has_other) else { return doubt("PATH is no usual one") };
    let mut places = vec![parts.found.bins.clone()];
    places.extend(parts.directory.ancestors().map(|above| above.join("node_modules/.bin")));
    places.push(parts.npm.root.join("node_modules/@npmcli/run-script/lib/node-gyp-bin"));
    let mut texts: Vec<&str> = places.iter().filter_map(|place| place.to_str()).collect();
    if texts.len() < places.len() || texts.iter().any(|place| place.contains(':')) {
        return doubt("its directory has an unusual name");
    }
    texts.push(inherited);
    Ok(texts.join(":"))
}

/// The directory as the shell knows it that npm runs the server by: with its links, if that is what it was given.
fn working_directory(view: &View<'_>, directory: &Path) -> Known<String> {
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    let given =
        view.set("PWD")?.filter(|given| given.starts_with('/') && identity(Path::new(given)) == identity(directory));
    Ok(given.map_or_else(|| directory.display().to_string(), str::to_owned))
}

fn check_service(view: &View<'_>) -> Known<()> {
    for name in SERVICES.split_ascii_whitespace() {
        if view.set(name)?.is_some() {
            return doubt(format!("{name} is set, which npm hands on"));
        }
    }
    match view.set("CI")? {
        Some("woodpecker") => doubt("CI is set, which npm hands on"),
        _ => Ok(()),
    }
}
