//! Tables: an upgraded database is the same as a fresh one.

use super::databases::{Engine, Fresh, on_both};
use super::facts::fact;
use crate::store::database::Database;
use crate::store::{Store, StoreError, schema};
use tongke_pairing::policy::Policies;
use tongke_protocol::WallTime;

/// Everything that the database knows about its tables, a line each.
async fn described(store: &Store, engine: Engine) -> Vec<String> {
    let sql = match engine {
        Engine::Sqlite => "SELECT coalesce(sql, name) FROM sqlite_master ORDER BY 1",
        Engine::Postgres => {
            "SELECT line FROM (
                SELECT format('%s.%s %s %s %s %s', table_name, column_name, data_type, collation_name, is_nullable,
                    column_default) AS line FROM information_schema.columns WHERE table_schema = 'public'
                UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
                UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
                    WHERE connamespace = 'public'::regnamespace
                UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
            ) AS lines ORDER BY 1"
        }
    };
    let lines: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&store.database.pool).await.unwrap();
    lines.into_iter().map(|(line,)| line).collect()
}

on_both! {
    async fn a_database_of_any_older_program_becomes_the_same_as_a_fresh_one(engine) {
        let fresh = Fresh::new(engine).await;
        let expected = described(&fresh.open().await, engine).await;
        assert!(expected.len() > 20, "{expected:?}");
        for version in 1..=schema::versions() {
            let old = Fresh::new(engine).await;
            let database = Database::open(&old.address).await.unwrap();
            schema::upgrade_to(&database, version).await.unwrap();
            let old_store = Store::of(database, Policies::default());
            old_store.keep_facts(&[fact("r-1", "math", 5)], WallTime(7)).await.unwrap();
            old_store.close().await;
            let upgraded = old.open().await;
            assert_eq!(described(&upgraded, engine).await, expected, "from version {version}");
            assert_eq!(upgraded.fact("r-1").await.unwrap().unwrap().said, fact("r-1", "math", 5));
        }
    }

    async fn a_database_of_a_newer_program_is_left_alone(engine) {
        let fresh = Fresh::new(engine).await;
        let store = fresh.open().await;
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
            SELECT 1000, 'from the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
        sqlx::raw_sql(newer).execute(&store.database.pool).await.unwrap();
        let refused = Store::open(&fresh.address).await.unwrap_err();
        assert!(matches!(refused, StoreError::Schema(_)), "{refused}");
    }
}
