//! Which processor does the arithmetic.

use std::fmt;
use std::str::FromStr;

use burn_tensor::Device;

use super::ModelError;

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// A real GPU if there is one and work for it, else the CPU. Never a software Vulkan driver:
    /// those take seconds where the CPU takes a tenth of one.
    #[default]
    Auto,
    Cpu,
    /// A GPU, or an error. A software driver counts only if there is nothing better.
    Gpu,
    /// The CPU through burn's older ndarray backend (cargo feature `ndarray`).
    Ndarray,
}

impl DeviceChoice {
    /// The same, for a process that lives no longer than this many pictures take. A GPU's driver and
    /// shaders take longer to start than the CPU takes for a few dozen of them, and drivers write to
    /// the terminal as they like; so it is not even asked.
    #[must_use]
    pub fn for_pictures(self, count: usize) -> Self {
        const WORTH_A_GPU: usize = 64;
        match self {
            Self::Auto if count < WORTH_A_GPU => Self::Cpu,
            Self::Auto | Self::Cpu | Self::Gpu | Self::Ndarray => self,
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu),
            "ndarray" => Ok(Self::Ndarray),
            _ => Err("the device is one of auto, cpu, gpu, ndarray".to_owned()),
        }
    }
}

/// An opened device, and what has to be said about it.
#[derive(Debug)]
pub struct Opened {
    pub compute: Compute,
    /// Why it is not the device that was to be expected.
    pub note: Option<String>,
}

impl From<Compute> for Opened {
    fn from(compute: Compute) -> Self {
        Self { compute, note: None }
    }
}

/// A device that computes.
#[derive(Debug, Clone)]
pub struct Compute {
    pub(super) device: Device,
    name: String,
    is_gpu: bool,
}

impl Compute {
    /// Opens what was asked for; a GPU that is there but cannot be started is replaced by the CPU,
    /// with a note.
    ///
    /// # Errors
    /// [`ModelError::NoDevice`] says what is not there and what to use instead. `Auto` and `Cpu`
    /// never fail.
    pub fn open(choice: DeviceChoice) -> Result<Opened, ModelError> {
        let software_too = choice == DeviceChoice::Gpu;
        match choice {
            DeviceChoice::Cpu => Ok(Self::cpu().into()),
            DeviceChoice::Ndarray => Ok(Self::ndarray()?.into()),
            DeviceChoice::Auto | DeviceChoice::Gpu => match gpu::open(software_too) {
                Ok(compute) => Ok(compute.into()),
                Err(gpu::Failure::Broken(reason)) => {
                    let note = format!("{reason}; using the CPU instead");
                    Ok(Opened { compute: Self::cpu(), note: Some(note) })
                }
                Err(gpu::Failure::Missing(_)) if !software_too => Ok(Self::cpu().into()),
                Err(gpu::Failure::Missing(text)) => Err(ModelError::NoDevice(text.to_owned())),
            },
        }
    }

    /// The CPU; always there.
    pub fn cpu() -> Self {
        Self { device: Device::flex(), name: "CPU".to_owned(), is_gpu: false }
    }

    #[cfg(feature = "ndarray")]
    #[expect(clippy::unnecessary_wraps, reason = "the other build of this function fails")]
    fn ndarray() -> Result<Self, ModelError> {
        #[expect(deprecated, reason = "burn replaces it by flex; kept for comparison")]
        let device = Device::ndarray();
        Ok(Self { device, name: "CPU (ndarray)".to_owned(), is_gpu: false })
    }

    #[cfg(not(feature = "ndarray"))]
    fn ndarray() -> Result<Self, ModelError> {
        let text = "This build has no ndarray device; build it with --features ndarray, or use cpu";
        Err(ModelError::NoDevice(text.to_owned()))
    }

    /// The CPU under a false name, to test what happens when a GPU fails.
    #[cfg(test)]
    pub fn pretend_gpu() -> Self {
        Self { name: "Pretend GPU".to_owned(), is_gpu: true, ..Self::cpu() }
    }

    /// For the user: `CPU` or the adapter's own name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn is_gpu(&self) -> bool {
        self.is_gpu
    }
}

impl fmt::Display for Compute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use super::Compute;

    #[expect(dead_code, reason = "the other build of this module has both")]
    pub enum Failure {
        Missing(&'static str),
        Broken(String),
    }

    pub fn open(_software: bool) -> Result<Compute, Failure> {
        Err(Failure::Missing(
            "This build has no GPU support; build it with --features gpu, or use cpu",
        ))
    }
}

#[cfg(feature = "gpu")]
mod gpu {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Mutex, PoisonError};

    use burn_tensor::wgpu::wgpu::{Backends, DeviceType, Instance, InstanceDescriptor};
    use burn_tensor::{Device, DeviceKind};

    use super::Compute;

    /// The GPU runtime can be started once in a process; everybody after that gets a copy. One
    /// of the two globals of the program; the other is memory to be used again.
    static OPENED: Mutex<Option<Compute>> = Mutex::new(None);

    pub enum Failure {
        /// There is no adapter.
        Missing(&'static str),
        /// There is one, and this is what became of it.
        Broken(String),
    }

    /// Opens the best adapter; a software driver only if `software` allows it.
    pub fn open(software: bool) -> Result<Compute, Failure> {
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compute) = opened.as_ref() {
            return Ok(compute.clone());
        }
        let (name, kind) = catch_unwind(|| best_adapter(software))
            .map_err(|_| Failure::Broken("The graphics driver crashed".to_owned()))?
            .ok_or(Failure::Missing("No usable GPU was found; use --device cpu"))?;
        let init = || Device::wgpu_options().device_kind(kind).init();
        let device = catch_unwind(AssertUnwindSafe(init))
            .map_err(|_| Failure::Broken(format!("{name} crashed when it was started")))?
            .map_err(|error| Failure::Broken(format!("{name} could not be started ({error})")))?;
        let compute = Compute { device, name, is_gpu: true };
        *opened = Some(compute.clone());
        Ok(compute)
    }

    fn best_adapter(software: bool) -> Option<(String, DeviceKind)> {
        let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
        let adapters = pollster::block_on(instance.enumerate_adapters(Backends::PRIMARY));
        let infos: Vec<_> = adapters.iter().map(|adapter| adapter.get_info()).collect();
        let preferred = [
            (DeviceType::DiscreteGpu, DeviceKind::DiscreteGpu(0)),
            (DeviceType::IntegratedGpu, DeviceKind::IntegratedGpu(0)),
            (DeviceType::VirtualGpu, DeviceKind::VirtualGpu(0)),
            (DeviceType::Cpu, DeviceKind::Cpu),
        ];
        preferred
            .into_iter()
            .filter(|(device_type, _)| software || *device_type != DeviceType::Cpu)
            .find_map(|(device_type, kind)| {
                let info = infos.iter().find(|info| info.device_type == device_type)?;
                Some((format!("{} ({})", info.name, info.backend), kind))
            })
    }
}
