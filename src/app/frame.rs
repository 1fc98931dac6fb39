//! What happens in each frame.

use eframe::egui::{self, Context, Ui};

use super::App;
use crate::ui::{notices, root_ui};

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.listen(ctx);
        self.receive(ctx);
        for command in crate::ui::keys::pressed(ctx) {
            self.dispatch(ctx, command);
        }
        let now = ctx.input(|input| input.time);
        if let Some(rest) = self.state.notices.expire(now, notices::are_pointed_at(ctx)) {
            ctx.request_repaint_after_secs(rest as f32);
        }
        self.update_title(ctx);
        self.keep_settings(ctx);
        if let Some(mut smoke) = self.smoke.take() {
            smoke.step(ctx, self);
            self.smoke = Some(smoke);
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        let output = root_ui(ui, &self.state, &mut self.settings, &mut self.panels);
        let asked = !output.is_empty();
        for action in output {
            self.dispatch(&ctx, action);
        }
        if asked {
            // What a click changes is seen at once, not when the pointer moves next.
            ctx.request_repaint();
        }
        let effects = self.state.inquire(&self.panels.topics);
        self.carry_out(effects);
        self.order_thumbnails();
        self.note_look(&ctx);
        self.note_window(&ctx);
        if let Some(smoke) = &mut self.smoke {
            smoke.drawn(frame.info().cpu_usage);
        }
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.settings.recent.clone_from(&self.state.recent);
        if let Some(file) = &mut self.settings_file {
            file.save(&self.settings);
        }
    }
}

impl App {
    fn update_title(&mut self, ctx: &Context) {
        let title = match &self.state.photo {
            Some(photo) => format!("{} – glasstree", photo.name),
            None => "glasstree".to_owned(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// Saves the settings soon after they have changed: the program may be ended at any time.
    fn keep_settings(&mut self, ctx: &Context) {
        if self.settings.recent != self.state.recent {
            self.settings.recent.clone_from(&self.state.recent);
        }
        let now = ctx.input(|input| input.time);
        if let Some(file) = &mut self.settings_file
            && let Some(rest) = file.keep(&self.settings, now)
        {
            ctx.request_repaint_after_secs(rest as f32);
        }
    }

    fn note_window(&mut self, ctx: &Context) {
        let zoom = ctx.zoom_factor();
        let (maximized, inner) = ctx.input(|input| {
            let window = input.viewport();
            (window.maximized.unwrap_or(false), window.inner_rect)
        });
        let window = &mut self.settings.window;
        window.maximized = maximized;
        if let Some(rect) = inner.filter(|_| !maximized) {
            window.size = (rect.size() * zoom).into();
        }
    }
}
