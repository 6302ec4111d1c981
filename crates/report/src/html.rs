//! The report as one HTML document.

use crate::plot::svg;
use crate::view::{Plot, View};
use askama::Template;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a View,
}

impl Page<'_> {
    fn text(&self, key: &str) -> String {
        self.view.texts.get(key)
    }

    fn svg(&self, plot: &Plot) -> String {
        svg(&plot.drawing, &plot.title)
    }
}

/// The document. Askama escapes what is put in; drawings escape their own texts.
pub(crate) fn render(view: &View) -> String {
    Page { view }.render().expect("writing to a String cannot fail")
}
