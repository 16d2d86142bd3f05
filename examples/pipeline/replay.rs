//! The days of a pipeline, one after the other: what happened on one of them is one transaction of acts on that day.

use std::{collections::BTreeMap, error::Error};

use chrono::NaiveDate;
use crm::{Act, Crm, Loss, Opportunity, OpportunityId, Sale, sales, sqlite::SqliteTx};

use super::{
    csv_table::Row,
    progress,
    remarks::Finding,
    sales_files::{
        deals::{Deal, Hardware, Progress},
        history::Acts,
    },
    standing::Standing,
};

/// What is odd about the days of a deal: an open one is engaging from its engage day on, whatever its stage says, and without one it is a prospect on every day.
pub(crate) fn oddity(row: &Row, deal: &Deal) -> Option<Finding> {
    let engage_date = row.field("engage_date");
    match (deal.progress, deal.engaged) {
        (Progress::Prospecting, Some(_)) => {
            Some(engage_date.finding("engage date on a prospecting opportunity, taken as engaging from that day"))
        }
        (Progress::Engaging, None) => {
            Some(engage_date.finding("no engage date on an engaging opportunity, taken as prospecting"))
        }
        _ => None,
    }
}

/// What happens on which day.
pub(crate) struct Calendar {
    deals: Vec<Deal>,
    days: BTreeMap<NaiveDate, Steps>,
    /// The deals without a day of engagement, by their place in the list: they stand there from the first day on.
    prospects: Vec<usize>,
}

/// The deals, by their place in the list, that are engaged and closed on a day.
#[derive(Default)]
struct Steps {
    engaged: Vec<usize>,
    closed: Vec<usize>,
}

impl Calendar {
    /// Puts deals on their days.
    pub(crate) fn of(deals: Vec<Deal>) -> Self {
        let (mut days, mut prospects) = (BTreeMap::<_, Steps>::new(), Vec::new());
        for (place, deal) in deals.iter().enumerate() {
            match deal.engaged {
                Some(day) => days.entry(day).or_default().engaged.push(place),
                None => prospects.push(place),
            }
            if let Progress::Won { day, .. } | Progress::Lost { day, .. } = deal.progress {
                days.entry(day).or_default().closed.push(place);
            }
        }
        Self { deals, days, prospects }
    }

    /// The last day on which anything happens.
    pub(crate) fn last_day(&self) -> Option<NaiveDate> {
        self.days.last_key_value().map(|(day, _)| *day)
    }
}

/// Where the deals stood at the end of a day.
pub(crate) struct Day {
    pub(crate) day: NaiveDate,
    pub(crate) standing: Standing,
}

/// A replay into a store.
pub(crate) struct Replay<'a> {
    pub(crate) crm: &'a Crm,
    pub(crate) hardware: &'a Hardware,
}

impl Replay<'_> {
    /// Does what happened up to the end of a day. Gives the first day and the others on which anything happened.
    pub(crate) fn until(&self, as_of: NaiveDate, calendar: Calendar) -> Result<Vec<Day>, Box<dyn Error>> {
        let Calendar { deals, mut days, prospects } = calendar;
        days.retain(|day, _| *day <= as_of);
        // With `as_of` before the first day nothing but prospects is there.
        let first = days.first_key_value().map_or(as_of, |(day, _)| *day);
        days.entry(first).or_default();

        let acts = Acts::of("pipeline", "replay")?;
        let progress = progress::bar("replaying", days.len() as u64, "{human_pos}/{human_len} days");
        let mut opened = vec![None; deals.len()];
        let mut past = Vec::with_capacity(days.len());
        for (day, Steps { engaged, closed }) in days {
            let standing = self.crm.write(|tx| {
                let act = &mut acts.on(day)?;
                for place in prospects.iter().filter(|_| day == first) {
                    self.open(tx, act, &deals[*place])?;
                }
                for place in engaged {
                    let opportunity = self.open(tx, act, &deals[place])?;
                    opened[place] = Some(self.engage(tx, act, opportunity.id)?);
                }
                for place in closed {
                    if let Some(id) = opened[place] {
                        self.close(tx, act, id, deals[place].progress)?;
                    }
                }
                Standing::read(tx, &self.hardware.pipeline)
            })?;
            past.push(Day { day, standing });
            progress.inc(1);
        }
        progress.finish_and_clear();
        Ok(past)
    }

    fn open(&self, tx: &mut SqliteTx<'_>, act: &mut Act, deal: &Deal) -> Result<Opportunity, crm::Error> {
        let Hardware { pipeline, prospecting, .. } = self.hardware;
        Ok(sales::open_opportunity(tx, act, pipeline, deal.in_stage(prospecting)?)?)
    }

    /// From the first stage, on the same day: since when it had been a prospect, the files do not say.
    fn engage(&self, tx: &mut SqliteTx<'_>, act: &mut Act, id: OpportunityId) -> Result<OpportunityId, crm::Error> {
        let Hardware { pipeline, engaging, .. } = self.hardware;
        Ok(sales::advance_opportunity(tx, act, id, pipeline, engaging, None)?.id)
    }

    fn close(
        &self,
        tx: &mut SqliteTx<'_>,
        act: &mut Act,
        id: OpportunityId,
        progress: Progress,
    ) -> Result<(), crm::Error> {
        let Hardware { pipeline, reason_of_loss, .. } = self.hardware;
        match progress {
            Progress::Prospecting | Progress::Engaging => {}
            Progress::Won { day, value } => {
                sales::win_opportunity(tx, act, id, pipeline, Sale { day, value: Some(value) })?;
            }
            Progress::Lost { day } => {
                let loss = Loss { day, reason: reason_of_loss.clone(), note: None };
                sales::lose_opportunity(tx, act, id, loss)?;
            }
        }
        Ok(())
    }
}
