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
    assert!(lines.contains("lead") && lines.to_lowercase().contains("evidence"), "{lines}");
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
    assert!(
        lines.contains("their paths diverge at") && out.join("heatmap.png").exists(),
        "{lines}"
    );
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
    assert!(lines.contains("animal: this region contributes +"), "{lines}");
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
        &["not a sibling", "vehicle"],
    );
    fails(
        &["cam", &photo, "--model", "wrn16-2-cifar10", "--node", "animal", "--against", "animal"],
        &["itself"],
    );
    fails(&["region", &photo, "--box", "9000,0,10,10"], &["outside", "448 x 448"]);
    fails(&["region", &photo, "--box", "0,0,0,10"], &["empty"]);
    fails(&["region", &photo, "--box", "0,0,10,-10"], &["empty"]);
    fails(&["region", &photo, "--box", "nan,0,10,10"], &["not numbers"]);
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

/// The network's own probabilities, read through WordNet's tree and through the induced one.
#[test]
fn the_marginal_rule_tells_what_the_network_says() {
    let photo = photo();
    for hierarchy in ["wordnet", "induced"] {
        let arguments = ["tree", &photo, "--rule", "marginal", "--hierarchy", hierarchy, "--json"];
        let tree = json(&arguments);
        let classes = json(&["classify", &photo, "--top", "1", "--json"]);
        assert_eq!(tree["rule"], "marginal");
        let likeliest = &classes["predictions"][0];
        assert_eq!(tree["likeliest"]["index"], likeliest["index"]);
        let difference =
            number(&tree["likeliest"]["probability"]) - number(&likeliest["probability"]);
        // Two softmaxes in 64 bits, rounded to 32.
        assert!(difference.abs() < 1e-6);
        let decisions = tree["decisions"].as_array().unwrap();
        let mut reach = 1.0;
        for decision in decisions {
            reach *= number(&decision["probability"]);
            assert!((reach - number(&decision["reach"])).abs() < 1e-5, "{decision}");
        }
        let end = tree["prediction"]["index"].as_u64().unwrap() as usize;
        assert!((reach - number(&tree["class_probabilities"][end])).abs() < 1e-5);
        let sure = &tree["sure"];
        assert_eq!(number(&sure["threshold"]), 0.9);
        assert!(number(&sure["probability"]) >= 0.9 && sure["name"].is_string());
        assert!(sure["wnid"].is_string() && sure["depth"].is_u64());
        // Marginal is what such a model gets if nothing is said.
        let usual = json(&["tree", &photo, "--hierarchy", hierarchy, "--json"]);
        assert_eq!(usual["decisions"], tree["decisions"]);
    }
}

/// Where the likeliest branches lead elsewhere than to the likeliest class, that is said, and why.
#[test]
fn a_detour_is_told() {
    let folder = TempDir::new().unwrap();
    let classes = json(&["classify", &photo(), "--top", "2", "--json"]);
    let index = |i: usize| classes["predictions"][i]["index"].as_u64().unwrap() as usize;
    let wnids = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/wnids/Imagenet1000.txt"),
    );
    let wnids = wnids.unwrap();
    let wnids: Vec<&str> = wnids.lines().collect();
    // The likeliest class alone, against all others together.
    let (alone, rest): (Vec<usize>, Vec<usize>) = (0..1000).partition(|&class| class == index(0));
    let node = |id: &str| serde_json::json!({ "id": id });
    let mut nodes = vec![node("root"), node("rest")];
    nodes.extend(wnids.iter().map(|wnid| node(wnid)));
    let link = |source: &str, class: usize| serde_json::json!({ "source": source, "target": wnids[class] });
    let mut links = vec![serde_json::json!({ "source": "root", "target": "rest" })];
    links.extend(alone.iter().map(|&class| link("root", class)));
    links.extend(rest.iter().map(|&class| link("rest", class)));
    let file = folder.path().join("tree.json");
    let tree = serde_json::json!({ "nodes": nodes, "links": links }).to_string();
    std::fs::write(&file, tree).unwrap();
    let file = file.to_str().unwrap();
    let lines = succeeds(&["tree", &photo(), "--hierarchy", file]);
    let is_detour = number(&classes["predictions"][0]["probability"]) < 0.5;
    assert!(is_detour, "the photo shows two things");
    assert!(lines.contains("The likeliest class is espresso"), "{lines}");
    assert!(lines.contains("999 classes, together"), "{lines}");
    let explained = succeeds(&["explain", &photo(), "--hierarchy", file]);
    assert!(explained.contains("The likeliest class is espresso"), "{explained}");
}

#[test]
fn an_answer_is_as_special_as_it_is_sure() {
    let value = json(&["classify", &photo(), "--sure", "0.9", "--json"]);
    assert!(number(&value["sure"]["probability"]) >= 0.9);
    let class = json(&["classify", &photo(), "--sure", "0", "--json"]);
    assert!(class["sure"]["depth"].as_u64() > value["sure"]["depth"].as_u64());
    let lines = succeeds(&["classify", &photo(), "--sure", "0.4", "--top", "1"]);
    assert!(lines.contains("At least 40% sure"), "{lines}");
    // Nothing is certain of a photo.
    let lines = succeeds(&["classify", &photo(), "--sure", "1", "--top", "1"]);
    assert!(lines.contains("Not 100% sure, by the network's own confidence: best guess: espresso"));
}
