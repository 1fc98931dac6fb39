//! How one map gives way to the next.

use eframe::egui::{TextureHandle, TextureId, Ui};

/// How long it takes, in animations of the style: a quarter of a second where nobody has changed
/// it, and no time at all where animations are switched off.
const ANIMATIONS: f32 = 3.0;

/// The map that is shown, and the one before while it goes.
#[derive(Default)]
pub struct Fade {
    shown: Option<TextureHandle>,
    going: Option<TextureHandle>,
    /// When the last change was, in seconds.
    since: f64,
}

impl Fade {
    /// What is painted, from the back to the front, each with its opacity. Together they cover the
    /// photo as `opacity` says. Without `fades` a change is sudden.
    pub fn layers(
        &mut self,
        ui: &Ui,
        texture: Option<&TextureHandle>,
        fades: bool,
        opacity: f32,
    ) -> [Option<(TextureId, f32)>; 2] {
        let now = ui.input(|input| input.time);
        let duration = f64::from(ANIMATIONS * ui.style().animation_time);
        if self.shown.as_ref().map(TextureHandle::id) != texture.map(TextureHandle::id) {
            self.going = std::mem::replace(&mut self.shown, texture.cloned());
            self.since = now;
        }
        let come = if duration > 0.0 { ((now - self.since) / duration) as f32 } else { 1.0 };
        if come >= 1.0 || !fades {
            self.going = None;
        }
        let come = if self.going.is_some() { come.max(0.0) } else { 1.0 };
        if self.going.is_some() {
            ui.ctx().request_repaint();
        }
        let opacity = opacity.clamp(0.0, 1.0);
        let front = if self.shown.is_some() { opacity * come } else { 0.0 };
        // What the front lets through shall be the rest: back × (1 - front) = opacity × (1 - come).
        let back = opacity * (1.0 - come) / (1.0 - front).max(1e-3);
        let layer =
            |texture: &Option<TextureHandle>, opacity| Some((texture.as_ref()?.id(), opacity));
        [layer(&self.going, back.min(1.0)), layer(&self.shown, front)]
    }
}
