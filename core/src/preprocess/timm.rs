//! How the weights that timm publishes want their pictures, by their names.

use super::normalisation::Normalisation;
use super::recipe::Recipe;
use super::resample::Filter;

/// One recipe a line, and the names that have it.
const TABLE: &str = include_str!("../../../assets/timm_recipes.txt");

impl Recipe {
    /// That of the weights of exactly this name, such as `resnet18.a1_in1k`. Names without a tag
    /// tell too little: the same network was trained in many ways.
    pub fn of_timm(name: &str) -> Option<Self> {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let mut entries = lines.filter_map(|line| line.split_once(" : "));
        let (recipe, _) = entries.find(|(_, names)| names.split(' ').any(|own| own == name))?;
        let mut fields = recipe.split(' ');
        let side = fields.next()?.parse().ok()?;
        let share = fields.next()?.parse().ok()?;
        let filter = match fields.next()? {
            "bilinear" => Filter::Bilinear,
            _ => Filter::Bicubic,
        };
        let normalisation: Normalisation = fields.next()?.parse().ok()?;
        Some(Self {
            mean: normalisation.mean(),
            std: normalisation.std(),
            ..Self::of_share(side, share, filter)
        })
    }

    /// A crop of `side` pixels that is this share of the short side, with ImageNet's constants; timm
    /// rounds the short side down.
    pub fn of_share(side: u32, share: f64, filter: Filter) -> Self {
        Self::imagenet((f64::from(side) / share).floor() as u32, side, filter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_weights_have_the_recipe_of_their_name() {
        // As timm's `get_pretrained_cfg` has them.
        let a1 = Recipe::of_timm("resnet18.a1_in1k").unwrap();
        assert_eq!((a1.resize, a1.crop, a1.filter), (Some(235), 224, Filter::Bicubic));
        let b1 = Recipe::of_timm("tf_efficientnet_b1.ap_in1k").unwrap();
        assert_eq!((b1.resize, b1.crop, b1.mean), (Some(272), 240, [0.5; 3]));
        let v3 = Recipe::of_timm("mobilenetv3_large_100.miil_in21k_ft_in1k").unwrap();
        assert_eq!((v3.filter, v3.std), (Filter::Bilinear, [1.0; 3]));
        assert_eq!(Recipe::of_timm("resnet18"), None);
    }

    #[test]
    fn every_line_of_the_table_is_a_recipe() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (_, names) = line.split_once(" : ").unwrap();
            for name in names.split(' ') {
                assert!(Recipe::of_timm(name).is_some_and(|it| it.check().is_ok()), "{name}");
            }
        }
    }
}
