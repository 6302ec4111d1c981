# Test signals: one screen shows the time marker, another phone films it

signal-title = Test signals
signal-modes = Show or film
signal-to-show = Show the marker
signal-to-read = Read with the camera
signal-marker = The time marker, which changes every so often
signal-preview = The camera's picture
signal-flash = Flash and beep
signal-chirp = Sound a chirp
signal-talk = Test talker
signal-talk-how = The test talker sounds. Lay the phone where the teacher stands, as loud as somebody talking, until the call's test is over. In one room at a time.
signal-hold = A marker stays
signal-hold-two = 2 refreshes (finest)
signal-hold-four = 4 refreshes (easier to film)
signal-hold-eight = 8 refreshes (easiest to film)
signal-show-how = Point the camera straight at this screen, at full brightness and without reflections. Once open, this page needs no network.
signal-read-how = Hold the phone level and still. Film the local screen and the picture that comes back in one shot, and the delay can be read. It needs two markers of the same source, and no clocks in step.
signal-anew = Count anew

js-signal-latency = The browser says that sound takes { $latency_ms } ms to the loudspeaker; it is sent that much earlier.
js-signal-latency-unknown = The browser does not say how long sound takes to the loudspeaker: it may be late, and a lip sync read from it is only a hint.
js-signal-sync = Flash and beep are due at the same moment, to { $half_ms } ms; delays of the screen and the loudspeaker that the browser does not know are not in this.
js-signal-sync-late = The loudspeaker is too slow for the flash, which is left out this time. Use one with a cable.

js-signal-camera-opening = Opening the camera
js-signal-camera-insecure = This address does not begin with https, so the camera cannot be used. Use the https:// address.
js-signal-camera-missing = No camera was found.
js-signal-camera-denied = The browser was not allowed to use the camera. Allow it in the address bar, then press “Read with the camera” again.
js-signal-camera-taken = The camera does not open; another program may have it. Close that one, then press “Read with the camera” again.

js-signal-none = No marker is seen. Go nearer, hold level, avoid reflections.
js-signal-one = One marker is seen. To measure the delay, film both screens in one shot.
js-signal-both = Both markers are seen; measuring.
js-signal-strangers = The markers seen are not of one source and cannot be compared. Let only one machine show markers.
js-signal-delay = { $median_ms } ms late
js-signal-spread = { $n } times: least { $least_ms }, most { $most_ms } ms (95% are no more than the most); the marker changes every { $step_ms } ms, and no single reading is finer.
js-signal-spread-few = { $n } times: least { $least_ms }, most { $most_ms } ms; the marker changes every { $step_ms } ms. { $missing } more are needed for a conclusion.
js-signal-share = Pictures with a readable marker: { $percent }% ({ $readable } of { $pictures })
js-signal-source = Source { $session }, marker { $frame }
