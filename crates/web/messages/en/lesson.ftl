# The page during the lesson

lesson-title = Tongke classroom
lesson-no-script = Scripts (JavaScript) are switched off in this browser. Switch them on, or use another browser.
lesson-wall = Classroom pictures
lesson-marks = How this room stands
lesson-notices = Notices
lesson-panels = Head count, messages and details
lesson-bar = Lesson controls

ended-title = This lesson is over
ended-next = You can close this page. Thank you, and goodbye!
ended-reopen = Begin again
js-ended-reopen-failed = It did not begin again. Press once more; if that does not help, ask the administrator.

js-take-over = Go on with the lesson here
js-only-rear = Only show the rear screen here
js-only-side = Only show the side screen here
js-only-desk = Only watch here, send nothing
js-again = Try again

js-bar-floor-give = Give floor
js-bar-floor-take = Take floor back
js-bar-mute = Mute class
js-bar-unmute = Unmute class
js-bar-microphone-close = Mic off
js-bar-microphone-open = Mic on
js-bar-share = Share
js-bar-share-stop = Stop sharing
js-bar-hand-up = Raise hand
js-bar-hand-down = Lower hand
js-bar-layout = Layout
js-bar-second-rear = Rear screen
js-bar-second-side = Side screen
js-bar-headcount = Head count
js-bar-messages = Messages
js-bar-details = Details
js-bar-lock = Lock
js-bar-unlock = Unlock
js-bar-end = End lesson
js-bar-full = Full screen
js-bar-full-leave = Leave full screen
js-bar-help = Keys
js-bar-unread = { $count } new

js-mark-floor = Speaking
js-mark-hand = Hand up
js-mark-muted = Muted
js-mark-locked = Lesson locked
js-mark-microphone-off = Our microphone is off
js-mark-unread = { $count } new messages

js-tile-own = Our room
js-tile-own-courseware = Our courseware
js-tile-courseware = { $name }: courseware
js-tile-choose = Choose class { $number }: { $name }
js-tile-none = No picture yet
js-tile-old = Picture stopped { $seconds } s ago

js-empty-class = Waiting for the receiving classroom…
js-empty-teacher = Waiting for the teacher…
js-empty-rooms = Waiting for the classrooms…

js-health-and = { " · " }
js-health-picture-good = Picture clear
js-health-picture-poor = Picture jerky
js-health-picture-frozen = Picture stopped
js-health-picture-none = No picture
js-health-sound-good = Sound good
js-health-sound-broken = Sound broken up
js-health-sound-silent = Nobody speaks
js-health-sound-none = No sound
js-health-sound-muted = Muted
js-health-delay-low = Hardly any delay
js-health-delay-noticeable = Some delay
js-health-delay-high = Long delay

js-level-good = Good
js-level-warn = Note
js-level-bad = Problem
js-list-and = { ", " }

js-notice-network-gone = The network has been down for { $seconds } s. Reconnecting by itself; please keep this page open.
js-notice-network-back = The network is back, the lesson goes on.
js-notice-connecting = Entering the lesson, { $seconds } s so far…
js-notice-cannot-connect = Not in the lesson yet after { $seconds } s, still trying. Please look at the network cable or Wi-Fi.
js-notice-camera-lost = The camera is disconnected; the others cannot see you. Plug it in, and it comes back by itself.
js-notice-microphone-lost = The microphone is disconnected; the others cannot hear you. Plug it in, and it comes back by itself.
js-notice-microphone-silent = No sound from the microphone for 20 s. See whether it is switched off, or its battery empty.
js-notice-camera-missing = This room has no camera; the others cannot see you. Plug one in, and it is used by itself.
js-notice-microphone-missing = This room has no microphone; the others cannot hear you. Plug one in, and it is used by itself.
js-notice-h264-missing = This browser lacks H.264; some pictures may not show. Please use Chrome or Edge.
js-notice-far-sound-missing = { $names } cannot be heard. Ask them to look at their microphone.
js-notice-floor-ours = Our class has the floor. Please speak.
js-notice-muted = The teacher muted this class. To speak, raise your hand (H).
js-notice-hand = { $names } raised a hand. Press F to give the floor.
js-notice-hand-waits = { $names } raised a hand, too.
js-notice-hands = { $names } raised their hands. Choose one with its digit, then press F.
js-notice-joined = { $name } came in.
js-notice-left = { $name } is disconnected. Waiting for it to come back.
js-notice-share-impossible = This computer cannot share courseware. Please use Chrome or Edge.
js-notice-no-class = No classroom has come in on the other side yet.
js-notice-choose-class = First choose a class with a digit.
js-notice-sound-blocked = The browser keeps the sound off; the others cannot be heard.
js-notice-messages-on-desk = Messages are not shown on pupils' screens. Press L for the teacher's desk.
js-notice-window-blocked = The browser blocked the new window. Allow pop-ups at the right of the address bar, then press again.
js-sound-open = Turn the sound on

js-refused-role = Only the supporting teacher can do this.
js-refused-not-in-lesson = This room is not connected to the lesson yet. Press again in a few seconds.
js-refused-unknown = That classroom is not in this lesson.
js-refused-ended = This lesson is over.
js-refused-not-kept = The server could not record this. Press again; if that does not help, ask the administrator.
js-refused-network = No network, so this was not done. Press again when it is back.
js-refused-other = This was not done. Press again; if that does not help, reload the page.

js-dialog-cancel = Cancel
js-dialog-close = Close
js-end-title = End the lesson now?
js-end-text = It ends for all classrooms.
js-end-yes = End lesson

js-keys-title = What the keys do
js-keys-digits = choose a class
js-keys-arrows = move between buttons and pictures
js-keys-pages = presenter: previous, next button
js-keys-enter = press the chosen button
js-keys-escape = close what is open

js-messages-title = Messages between teachers
js-messages-list = Messages received and sent
js-messages-label = To the other teachers (pupils do not see it)
js-messages-send = Send
js-messages-me = Me

js-headcount-title = Head count
js-headcount-label = How many pupils are here today?
js-headcount-confirm = Confirm
js-headcount-done = Confirmed: { $present } present.
js-headcount-wrong = Please give a whole number from 0 to 999.
js-headcount-roster = Use a class list
js-headcount-roster-label = Paste the names of the class here, one a line. The list stays on this computer and is not sent.
js-headcount-roster-keep = Keep the list
js-headcount-names = { $count } in class; untick who is absent

js-track-camera = picture
js-track-screen = courseware
js-track-microphone = sound
js-track-picture = picture or courseware

js-details-title = Details
js-details-none = No data yet.
js-details-received = In: { $name } · { $track }
js-details-sent = Out: { $track } { $layer }
js-details-path = Way to the server
js-details-size = Resolution
js-details-fps = Frames per second
js-details-rate = Bitrate
js-details-loss = Loss
js-details-repaired = Repaired packets
js-details-buffer = Buffer
js-details-delay = Delay
js-details-codec = Codec
js-details-limited = Limited by
js-details-protocol = Protocol
js-details-rtt = Round trip
js-details-cipher = Encryption
js-details-kbps = { $rate } kbps
js-details-ms = { $value } ms
js-details-about = about { $value }
