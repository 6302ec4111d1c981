# Whether a report was altered

verify-title = Check an inspection's report
verify-how = Choose the report's file (report.json), or drop it on this page. It is only checked, and kept nowhere.
verify-alone = This page is not needed for it; on any computer with Tongke, run:

js-verify-busy-title = Checking…
js-verify-intact-title = Not altered
js-verify-intact-next = Not a byte has changed since it was signed, by a machine that is enrolled here.
js-verify-revoked-title = Not altered, but the machine that signed was revoked
js-verify-revoked-next = Not a byte has changed since it was signed. What was signed after the machine was revoked does not count, and the time of the test is the machine's own word: ask the registry when the report came.
js-verify-unknown-title = The signature fits, but nobody here knows who signed
js-verify-unknown-next = This key is of no machine here: anybody may have made such a file. Compare the key below with that of the machine that tested, and do not rely on the file before.
js-verify-altered-title = Altered, or no report
js-verify-altered-next = Do not rely on what it says. Ask whoever tested for the original file.
js-verify-unsigned-title = Not signed
js-verify-unsigned-next = Anybody may have written it; do not rely on it. Ask for the signed file.
js-verify-empty-title = The file is empty
js-verify-empty-next = Choose it again; if it is still empty, ask whoever tested for it.
js-verify-long-title = The file is too large for a report
js-verify-long-next = Choose report.json, not the PDF or the page.
js-verify-often-title = Too many checks
js-verify-often-next = Wait a minute and try again.
js-verify-nowhere-title = This server cannot check reports
js-verify-nowhere-next = It has no registry. Open this page on a server that has one, or use the command below.
js-verify-unreachable-next = Look after the network cable or Wi-Fi, then choose the file again.
js-verify-failed-title = It could not be checked this time
js-verify-failed-next = Choose the file again; if that does not help, use the command below or ask the administrator.

js-verify-file = File
js-verify-signer = Signed by
js-verify-signer-claimed = Says it is
js-verify-revoked = Revoked
js-verify-began = Tested
js-verify-verdict = Overall verdict
js-verify-judged-by = Judged by
js-verify-criteria = Criteria when signed
js-verify-edition = { $name }, version { $version }
js-verify-id = Report
js-verify-key = Public key
js-verify-why = Technical reason
js-verify-verdict-excellent = Excellent
js-verify-verdict-good = Good
js-verify-verdict-pass = Pass
js-verify-verdict-fail = Fail
js-verify-verdict-undecided = Undecided
