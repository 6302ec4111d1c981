//! Where each school belongs: counting by region needs it beside the counts.

use super::StoreError;
use super::database::Writing;
use tongke_pairing::entry::Says;

/// Notes what the latest entry about a school says. Other entries are passed over.
pub(super) async fn note(writing: &mut Writing, says: &Says) -> Result<(), StoreError> {
    let query = match says {
        Says::School(school) => {
            let sql = "INSERT INTO place (school, county, city, province) VALUES ($1, $2, $3, $4) \
                ON CONFLICT (school) DO UPDATE SET county = excluded.county, city = excluded.city, \
                province = excluded.province";
            let query = sqlx::query(sql).bind(school.id.as_str().to_owned());
            let query = query.bind(school.county.as_str().to_owned()).bind(school.city.as_str().to_owned());
            query.bind(school.province.as_str().to_owned())
        }
        Says::Withdrawn(thing) if thing.kind == "school" => {
            sqlx::query("DELETE FROM place WHERE school = $1").bind(thing.key.clone())
        }
        _ => return Ok(()),
    };
    query.execute(&mut *writing.tx).await?;
    Ok(())
}
