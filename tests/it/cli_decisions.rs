//! The commands that take decisions apart.

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{Output, fails, glasstree, json, root, succeeds, text};

/// A cat beside a cup of coffee, 448 x 448 pixels.
fn photo() -> String {
    root().join("assets/photos/cat_and_coffee.jpg").display().to_string()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn a_node_has_a_map_and_so_has_a_decision() {
    let folder = TempDir::new().unwrap();
    let (photo, out) = (photo(), folder.path().join("out"));
    let node = json(&[
        "cam",
        &photo,
        "--model",
        "wrn16-2-cifar10",
        "--node",
        "animal",
        "--json",
        "--device",
        "cpu",
    ]);
    assert_eq!(node["node"]["wnid"], "n00015388");
    assert_eq!(node["node"]["classes"].as_array().unwrap().len(), 6);
    let sum = |value: &Value| {
        let (mean, bias, total) = (&value["map"]["mean"], &value["bias"], &value["total"]);
        // Sums over 128 channels, in 32 against 64 bits.
        assert!((number(mean) + number(bias) - number(total)).abs() < 1e-4, "{value}");
        assert_eq!(value["identity"]["holds"], true);
        number(total)
    };
    let other = json(&["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "vehicle", "--json"]);
    let against = json(&[
        "cam",
        &photo,
        "--model",
        "wrn16-2-cifar10",
        "--node",
        "n00015388",
        "--against",
        "vehicle",
        "--json",
    ]);
    assert!((sum(&node) - sum(&other) - sum(&against)).abs() < 1e-4);
    let siblings = json(&[
        "cam",
        &photo,
        "--model",
        "wrn16-2-cifar10",
        "--node",
        "animal",
        "--against",
        "siblings",
        "--json",
    ]);
    assert_eq!(siblings["total"], against["total"]);
    // P(animal) of the tree is the logistic function of the lead over the only sibling.
    let tree = json(&["tree", &photo, "--model", "wrn16-2-cifar10", "--json"]);
    let probability = number(&tree["decisions"][0]["probability"]);
    assert!((1.0 / (1.0 + (-sum(&against)).exp()) - probability).abs() < 1e-5);

    let lines = succeeds(&[
        "cam",
        &photo,
        "--model",
        "wrn16-2-cifar10",
        "--node",
        "cat",
        "--against",
        "dog",
        "--out",
        text(&out),
    ]);
    assert!(lines.starts_with("Node: cat against dog"), "{lines}");
    assert!(lines.contains("lead") && lines.contains("speak"), "{lines}");
    assert!(out.join("overlay.png").exists());
}

#[test]
fn two_classes_are_told_apart() {
    let folder = TempDir::new().unwrap();
    let (photo, out) = (photo(), folder.path().join("out"));
    let question = ["diff", &photo, "--class", "espresso", "--against", "tabby"];
    let value = json(&[&question[..], &["--json", "--device", "cpu"]].concat());
    let logit = |side: &str| number(&value[side]["logit"]);
    assert!((number(&value["total"]) - (logit("class") - logit("against"))).abs() < 1e-4);
    assert_eq!(value["identity"]["holds"], true);
    assert_eq!(value["parting"]["identity"]["holds"], true);
    assert!(value["files"].is_null());
    // The cup stands below the cat's head.
    let y = |side: &str| number(&value["strongest"][side][1]);
    assert!(y("pro") > y("contra"), "{value}");
    let lines = succeeds(&[&question[..], &["--out", text(&out)]].concat());
    assert!(lines.starts_with("espresso leads tabby, tabby cat by"), "{lines}");
    assert!(lines.contains("they part at") && out.join("heatmap.png").exists(), "{lines}");
    fails(&["diff", &photo, "--class", "tabby", "--against", "281"], &["itself"]);
    fails(&["diff", &photo, "--class", "tabby", "--against", "unicorn"], &["unicorn"]);
}

#[test]
fn a_region_and_the_rest_are_the_whole() {
    let photo = photo();
    let value =
        json(&["region", &photo, "--box", "0,0,300,300", "--class", "tabby", "--verify", "--json"]);
    let class = &value["class"];
    let sum = number(&class["region"]) + number(&class["rest"]) + number(&class["bias"]);
    // Sums over 1280 channels, in 32 against 64 bits.
    assert!((sum - number(&class["logit"])).abs() < 1e-4);
    let left = number(&class["logit"]) - number(&class["region"]);
    assert!((left - number(&class["logit_without"])).abs() < 1e-4);
    assert_eq!(class["verified"].as_array().unwrap().len(), 2);
    for rerun in class["verified"].as_array().unwrap() {
        let difference = number(&rerun["logit"]) - number(&class["logit_without"]);
        assert!((difference - number(&rerun["difference"])).abs() < 1e-4);
        // The cat is gone for the network, too.
        assert!(number(&rerun["logit"]) < number(&class["logit"]), "{value}");
    }
    let decisions = value["tree"]["decisions"].as_array().unwrap();
    assert_eq!(decisions[0]["name"], "food");
    assert_eq!(value["tree"]["rule"], "marginal");
    for decision in decisions {
        let logistic = |log_odds: &Value| 1.0 / (1.0 + (-number(log_odds)).exp());
        let (p, without) =
            (number(&decision["probability"]), number(&decision["probability_without"]));
        assert!((logistic(&decision["log_odds"]) - p).abs() < 1e-5);
        assert!((logistic(&decision["log_odds_without"]) - without).abs() < 1e-5);
        assert_eq!(decision["verified"].as_array().unwrap().len(), 2);
    }

    // Everything: what is left are the biases.
    let all = json(&["region", &photo, "--box=-10,-10,900,900", "--json"]);
    assert!((number(&all["class"]["logit_without"]) - number(&all["class"]["bias"])).abs() < 1e-4);
    assert_eq!(number(&all["class"]["share"]), 1.0);
    let lines = succeeds(&["region", &photo, "--box", "0,0,300,300", "--model", "wrn16-2-cifar10"]);
    assert!(lines.contains("animal: this region gives +"), "{lines}");
}

#[test]
fn a_flip_is_found_and_tried() {
    let photo = photo();
    let value = json(&[
        "flip",
        &photo,
        "--model",
        "wrn16-2-cifar10",
        "--node",
        "carnivore",
        "--verify",
        "--json",
    ]);
    assert_eq!((&value["from"]["name"], &value["flips"]), (&"cat".into(), &true.into()));
    assert!(number(&value["margin"]) > 0.0 && number(&value["margin_without"]) < 0.0, "{value}");
    let cells = value["cells"].as_array().unwrap();
    assert!(!cells.is_empty() && cells.len() < 64);
    assert_eq!(value["verified"].as_array().unwrap().len(), 2);
    // A class stands for the decision in which it is a branch.
    let by_class = json(&["flip", &photo, "--model", "wrn16-2-cifar10", "--node", "dog", "--json"]);
    assert_eq!(by_class["cells"], value["cells"]);
    let lines =
        succeeds(&["flip", &photo, "--model", "wrn16-2-cifar10", "--node", "root", "--verify"]);
    assert!(lines.contains("animal leads vehicle") && lines.contains("checked"), "{lines}");
}

#[test]
fn questions_without_sense_get_one_line() {
    let photo = photo();
    fails(
        &["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "animl"],
        &["animl", "similar are animal"],
    );
    fails(
        &["flip", &photo, "--model", "wrn16-2-cifar10", "--node", "zebra crossing"],
        &["zebra crossing", "glasstree tree"],
    );
    fails(
        &["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "root", "--against", "siblings"],
        &["root"],
    );
    fails(
        &["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "animal", "--against", "cat"],
        &["no sibling", "vehicle"],
    );
    fails(
        &["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "animal", "--against", "animal"],
        &["itself"],
    );
    fails(&["region", &photo, "--box", "9000,0,10,10"], &["outside", "448 x 448"]);
    fails(&["region", &photo, "--box", "0,0,0,10"], &["empty"]);
    fails(&["region", &photo, "--box", "0,0,10,-10"], &["empty"]);
    fails(&["region", &photo, "--box", "nan,0,10,10"], &["no numbers"]);
    fails(&["region", &photo, "--box", "0,0,9,9"], &["did not see"]);
    fails(&["region", &photo, "--box", "0,0,90,90", "--hierarchy", "nonsense"], &["nonsense"]);
    for arguments in [
        &["region", &photo, "--box", "1,2,3"][..],
        &["cam", &photo, "--class", "1", "--node", "animal"],
        &["cam", &photo, "--against", "animal"],
        &["flip", &photo],
    ] {
        let Output { code, .. } = glasstree(arguments);
        assert_eq!(code, 2, "{arguments:?}");
    }
}
