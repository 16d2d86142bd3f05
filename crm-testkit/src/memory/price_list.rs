//! Price lists.

use crm_core::{
    ExternalId, Name, PriceList, PriceListId, RecordRef, Revision,
    store::{Page, PriceListFilter, PriceLists},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods},
};

impl Family for PriceList {
    type Filter = PriceListFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let products = self.products().into_iter().map(RecordRef::from);
        let bases = self.bases().into_iter().map(RecordRef::from);
        products.chain(bases).map(|to| ("rules", to)).collect()
    }

    fn passes(&self, filter: &PriceListFilter) -> bool {
        let PriceListFilter { currency, active } = filter;
        holds(currency.as_ref(), Some(&self.currency())) && holds(active.as_ref(), Some(&self.active()))
    }
}

impl PriceLists for MemoryTx {
    record_methods! {
        PriceList(PriceListId), PriceListFilter
        { price_list price_lists count_price_lists insert_price_list insert_price_lists update_price_list delete_price_list }
    }

    by_external_id! { price_list_by_external_id: PriceList }

    fn price_lists_named(&self, name: &Name, page: Page<PriceListId>) -> Stored<Vec<PriceList>> {
        Ok(self.state.listed_by_id(|list: &PriceList| list.name().key() == name.key(), page))
    }
}
