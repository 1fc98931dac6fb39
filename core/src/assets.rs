//! Files that are part of the program: class lists, hierarchies and sample photos. Origins and
//! licences: `NOTICES.md`.

use std::sync::LazyLock;

use crate::labels::ClassList;
use crate::text::CleanText;

/// A data set whose classes the program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dataset {
    /// CIFAR-10: 10 classes.
    Cifar10,
    /// CIFAR-100: 100 classes (the fine labels).
    Cifar100,
    /// Tiny ImageNet: 200 classes.
    TinyImagenet200,
    /// ImageNet-1k (ILSVRC 2012): 1000 classes.
    Imagenet1000,
}

/// A hierarchy made by nbdt, in its own file format.
#[derive(Clone, Copy, Debug)]
pub struct HierarchyAsset {
    /// Name as in nbdt's file `graph-<name>.json`, for example `induced-wrn28_10_cifar10`.
    pub name: &'static str,
    /// Other names under which nbdt ships the same hierarchy.
    pub aliases: &'static [&'static str],
    /// Content of the file.
    pub json: &'static str,
}

/// A picture to try the program with.
#[derive(Clone, Copy, Debug)]
pub struct SamplePhoto {
    /// Name of the file.
    pub name: &'static str,
    /// Content of the file.
    pub bytes: &'static [u8],
}

/// Pictures to try the program with; the last one shows two things of different classes.
pub const SAMPLE_PHOTOS: [SamplePhoto; 4] = [
    SamplePhoto { name: "chelsea.png", bytes: include_bytes!("../../assets/photos/chelsea.png") },
    SamplePhoto { name: "coffee.jpg", bytes: include_bytes!("../../assets/photos/coffee.jpg") },
    SamplePhoto { name: "rocket.jpg", bytes: include_bytes!("../../assets/photos/rocket.jpg") },
    SamplePhoto {
        name: "cat_and_coffee.jpg",
        bytes: include_bytes!("../../assets/photos/cat_and_coffee.jpg"),
    },
];

/// Licences of everything that the program contains and did not make.
pub const NOTICES: &str = include_str!("../../NOTICES.md");

/// A hierarchy of the folder of `$dataset`.
macro_rules! hierarchy {
    ($dataset:literal, $name:literal $(, $alias:literal)*) => {
        HierarchyAsset {
            name: $name,
            aliases: &[$($alias),*],
            json: include_str!(concat!("../../assets/hierarchies/", $dataset, "/graph-", $name, ".json")),
        }
    };
}

const CIFAR10: &[HierarchyAsset] = &[
    hierarchy!("CIFAR10", "induced-wrn28_10_cifar10", "induced"),
    hierarchy!("CIFAR10", "induced-ResNet18"),
    hierarchy!("CIFAR10", "induced-ResNet10"),
    hierarchy!("CIFAR10", "wordnet"),
];
const CIFAR100: &[HierarchyAsset] = &[
    hierarchy!("CIFAR100", "induced-wrn28_10_cifar100", "induced"),
    hierarchy!("CIFAR100", "induced-ResNet18"),
    hierarchy!("CIFAR100", "induced-ResNet10"),
    hierarchy!("CIFAR100", "wordnet", "wordnet-single"),
];
const TINY_IMAGENET200: &[HierarchyAsset] = &[
    hierarchy!("TinyImagenet200", "induced-wrn28_10", "induced"),
    hierarchy!("TinyImagenet200", "induced-ResNet18"),
    hierarchy!("TinyImagenet200", "wordnet", "wordnet-single"),
];
const IMAGENET1000: &[HierarchyAsset] =
    &[hierarchy!("Imagenet1000", "induced-efficientnet_b7b", "induced")];

/// What [`Dataset`] reads from its text files.
struct Lists {
    classes: ClassList,
    leaf_ids: Vec<CleanText>,
}

static LISTS: LazyLock<[Lists; 4]> = LazyLock::new(|| {
    Dataset::ALL.map(|dataset| {
        let (labels, leaf_ids) = dataset.texts();
        let [labels, leaf_ids] =
            [labels, leaf_ids].map(|text| text.lines().map(CleanText::new).collect::<Vec<_>>());
        let mut wnids = leaf_ids.clone();
        if dataset == Dataset::TinyImagenet200 {
            wnids.sort_unstable();
        }
        Lists { classes: ClassList { labels, wnids: Some(wnids) }, leaf_ids }
    })
});

impl Dataset {
    /// All of them, smallest first.
    pub const ALL: [Dataset; 4] =
        [Dataset::Cifar10, Dataset::Cifar100, Dataset::TinyImagenet200, Dataset::Imagenet1000];

    /// The data set that a model with so many outputs was most likely trained on.
    pub fn from_class_count(classes: usize) -> Option<Dataset> {
        Dataset::ALL.into_iter().find(|dataset| dataset.class_count() == classes)
    }

    /// The data set with this name, in upper or lower case.
    pub fn from_name(name: &str) -> Option<Dataset> {
        Dataset::ALL.into_iter().find(|dataset| dataset.name().eq_ignore_ascii_case(name))
    }

    /// Name as in nbdt, for example `CIFAR10`.
    pub fn name(self) -> &'static str {
        match self {
            Dataset::Cifar10 => "CIFAR10",
            Dataset::Cifar100 => "CIFAR100",
            Dataset::TinyImagenet200 => "TinyImagenet200",
            Dataset::Imagenet1000 => "Imagenet1000",
        }
    }

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Dataset::Cifar10 => "CIFAR-10",
            Dataset::Cifar100 => "CIFAR-100",
            Dataset::TinyImagenet200 => "Tiny ImageNet",
            Dataset::Imagenet1000 => "ImageNet",
        }
    }

    /// Number of classes.
    pub fn class_count(self) -> usize {
        self.leaf_ids().len()
    }

    /// Labels and wnids of the classes, in the order of a model's outputs; [`ClassList::find`]
    /// searches them.
    pub fn classes(self) -> &'static ClassList {
        &self.lists().classes
    }

    /// Label of each class: what to show on a leaf.
    pub fn labels(self) -> &'static [CleanText] {
        &self.classes().labels
    }

    /// Wnid of each class: what it means.
    pub fn wnids(self) -> &'static [CleanText] {
        self.classes().wnids.as_deref().unwrap_or_default()
    }

    /// Id of each class's leaf in the shipped hierarchies.
    ///
    /// The same as [`Dataset::wnids`] but for Tiny ImageNet. There nbdt took the order of the data
    /// set's `wnids.txt`, while its models (and everyone's) were trained with the folders sorted.
    /// So class 0 is a goldfish, and the leaf of class 0 is called `n02124075`, Egyptian cat.
    /// Decisions come out right with these ids; names do not, they must be taken from
    /// [`Dataset::labels`].
    pub fn leaf_ids(self) -> &'static [CleanText] {
        &self.lists().leaf_ids
    }

    /// Leaf ids of any hierarchy of this data set: [`Dataset::leaf_ids`] if it was made with them,
    /// else [`Dataset::wnids`].
    ///
    /// `node_ids` are the ids of the file's nodes in the order of the file, in which leaves come in
    /// the order of the classes; other nodes may lie between them.
    pub fn leaf_ids_of<'a>(
        self,
        node_ids: impl IntoIterator<Item = &'a str>,
    ) -> &'static [CleanText] {
        let mut expected = self.leaf_ids().iter();
        let mut next = expected.next();
        for id in node_ids {
            if next.is_some_and(|leaf| leaf == id) {
                next = expected.next();
            }
        }
        if next.is_none() { self.leaf_ids() } else { self.wnids() }
    }

    /// The shipped hierarchies; the first one is the one to take if nothing is said.
    pub fn hierarchies(self) -> &'static [HierarchyAsset] {
        match self {
            Dataset::Cifar10 => CIFAR10,
            Dataset::Cifar100 => CIFAR100,
            Dataset::TinyImagenet200 => TINY_IMAGENET200,
            Dataset::Imagenet1000 => IMAGENET1000,
        }
    }

    /// The shipped hierarchy of that name: `induced`, `wordnet`, `induced-ResNet18`, also as
    /// `graph-induced.json`; in upper or lower case.
    pub fn hierarchy(self, name: &str) -> Option<&'static HierarchyAsset> {
        let name = name.strip_suffix(".json").unwrap_or(name);
        let name = name.strip_prefix("graph-").unwrap_or(name);
        let has_name = |asset: &&HierarchyAsset| {
            std::iter::once(&asset.name)
                .chain(asset.aliases)
                .any(|own| own.eq_ignore_ascii_case(name))
        };
        self.hierarchies().iter().find(has_name)
    }

    fn lists(self) -> &'static Lists {
        &LISTS[self as usize]
    }

    /// Labels and leaf ids, one in each line.
    fn texts(self) -> (&'static str, &'static str) {
        macro_rules! texts {
            ($name:literal) => {
                (
                    include_str!(concat!("../../assets/labels/", $name, ".txt")),
                    include_str!(concat!("../../assets/wnids/", $name, ".txt")),
                )
            };
        }
        match self {
            Dataset::Cifar10 => texts!("CIFAR10"),
            Dataset::Cifar100 => texts!("CIFAR100"),
            Dataset::TinyImagenet200 => texts!("TinyImagenet200"),
            Dataset::Imagenet1000 => texts!("Imagenet1000"),
        }
    }
}
