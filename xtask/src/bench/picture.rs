//! docs/benchmarks.svg: how much slower than native code each engine is on the Cortex-M4F.

use super::programs::{INTEGER_MEAN, Measured, Program, Taken};
use crate::repo;
use anyhow::{Context, Result, anyhow};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const FILE: &str = "docs/benchmarks.svg";
const SIZE: (u32, u32) = (820, 420);
/// Colours that can be told from white and from black: the background is the page's.
const TEXT: RGBColor = RGBColor(118, 118, 128);
const GRID: RGBAColor = RGBAColor(128, 128, 138, 0.35);
const WASMOTE: RGBColor = RGBColor(38, 132, 220);
const RIVAL: RGBColor = RGBColor(198, 112, 40);
/// Ratios at the axis' ends.
const RANGE: std::ops::Range<f64> = 1.0..100.0;
/// Ratios with a line.
const LINES: [f64; 7] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];

/// Draws it. The fastest is at the top; a bar is the mean, a ring a program.
pub fn write(programs: &[Program], measured: &[Measured]) -> Result<()> {
    let mut engines: Vec<(&Measured, f64)> = Vec::new();
    for one in measured {
        let mean =
            one.geomean(programs, &INTEGER_MEAN).with_context(|| format!("{} has no mean", one.name))?;
        engines.push((one, mean));
    }
    engines.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut text = String::new();
    draw(&mut text, programs, &engines).map_err(|error| anyhow!("drawing {FILE}: {error}"))?;
    std::fs::write(repo::path(FILE), text + "\n").with_context(|| format!("writing {FILE}"))
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;

fn draw(text: &mut String, programs: &[Program], engines: &[(&Measured, f64)]) -> Drawn {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    let rows = engines.len() as f64;
    let (title, area) = root.split_vertically(34);
    let heading = TextStyle::from(("sans-serif", 18).into_font()).color(&TEXT);
    title.draw_text(
        "Instructions, times native, on an emulated Cortex-M4F; bar: integer mean, ring: one program",
        &heading,
        (12, 10),
    )?;
    let mut chart = ChartBuilder::on(&area)
        .margin_right(24)
        .x_label_area_size(30)
        .y_label_area_size(140)
        .build_cartesian_2d(RANGE.log_scale(), 0.0..rows)?;
    let label = TextStyle::from(("sans-serif", 16).into_font()).color(&TEXT);
    for at in LINES {
        chart.draw_series([PathElement::new([(at, 0.0), (at, rows)], GRID)])?;
        let below = label.pos(Pos::new(HPos::Center, VPos::Top));
        let mark = EmptyElement::at((at, 0.0)) + Text::new(format!("{at}"), (0, 6), below);
        chart.draw_series([mark])?;
    }
    for (row, (one, mean)) in engines.iter().enumerate() {
        let (low, middle, high) = (row as f64 + 0.2, row as f64 + 0.5, row as f64 + 0.8);
        let color = if one.rival { RIVAL } else { WASMOTE };
        chart.draw_series([Rectangle::new([(RANGE.start, low), (*mean, high)], color.mix(0.75).filled())])?;
        let ratios = one.taken.iter().zip(programs).filter_map(|(taken, _)| taken.ratio());
        chart.draw_series(ratios.map(|ratio| Circle::new((ratio.min(RANGE.end), middle), 3, TEXT)))?;
        let left = label.pos(Pos::new(HPos::Right, VPos::Center));
        // What is beyond the edge is told by its number there.
        let beyond = one.taken.iter().filter_map(Taken::ratio).filter(|ratio| *ratio > RANGE.end);
        chart.draw_series(beyond.map(|ratio| {
            EmptyElement::at((RANGE.end, middle)) + Text::new(format!("{ratio:.0}"), (-8, 0), left.clone())
        }))?;
        let name =
            EmptyElement::at((RANGE.start, middle)) + Text::new(one.name.clone(), (-8, 0), left.clone());
        let inside = TextStyle::from(("sans-serif", 15).into_font()).color(&WHITE);
        let inside = inside.pos(Pos::new(HPos::Left, VPos::Center));
        let number =
            EmptyElement::at((RANGE.start, middle)) + Text::new(format!("{mean:.2}"), (5, 0), inside);
        chart.draw_series([name])?;
        chart.draw_series([number])?;
    }
    root.present()?;
    Ok(())
}
