# 测试信号：一块屏幕显示时间标记，另一台手机拍它

signal-title = 测试信号
signal-modes = 显示还是拍摄
signal-to-show = 显示标记
signal-to-read = 用摄像头读
signal-marker = 时间标记，每隔一会儿变一次
signal-preview = 摄像头的画面
signal-flash = 闪光和蜂鸣
signal-chirp = 响一声扫频音
signal-talk = 测试讲话者
signal-talk-how = 测试讲话者正在响。把手机放在老师站的位置，音量调到和人说话差不多，等通话检测做完再关。一次只在一间教室里开。
signal-hold = 标记停留
signal-hold-two = 2 次刷新（最细）
signal-hold-four = 4 次刷新（更好拍）
signal-hold-eight = 8 次刷新（最好拍）
signal-show-how = 让摄像头正对这块屏幕，调到最亮，避开反光。打开后断网也能用。
signal-read-how = 手机要端平、拿稳。把本地的屏幕和对面传回来的画面拍进同一个镜头，就能读出晚了多少。要的是同一个来源的两个标记，不用对时。
signal-anew = 重新数

js-signal-latency = 浏览器说，声音从发出到喇叭要 { $latency_ms } 毫秒，已经提前这么多发出。
js-signal-latency-unknown = 浏览器不说声音要多久才到喇叭，声音可能偏晚，唇音同步的读数仅供参考。
js-signal-sync = 闪光和蜂鸣约好同时出现，差不超过 { $half_ms } 毫秒；屏幕和喇叭自己的延迟，浏览器不知道的不算在内。
js-signal-sync-late = 喇叭太慢，赶不上闪光，这一次不闪。请换有线的喇叭。

js-signal-camera-opening = 正在打开摄像头
js-signal-camera-insecure = 这个网址不是 https 开头，用不了摄像头。请改用 https:// 开头的地址。
js-signal-camera-missing = 没有找到摄像头。
js-signal-camera-denied = 浏览器没有允许用摄像头。请在地址栏的设置里允许，再按“用摄像头读”。
js-signal-camera-taken = 摄像头打不开，可能别的程序正在用。关掉它，再按“用摄像头读”。

js-signal-none = 没有看到标记。请靠近些、端平、避开反光。
js-signal-one = 看到一个标记。要量延迟，请把两块屏幕拍进同一个镜头。
js-signal-both = 两个标记都看到了，正在量。
js-signal-strangers = 看到的标记不是同一个来源的，不能相比。请只留一台显示标记。
js-signal-delay = 晚 { $median_ms } 毫秒
js-signal-spread = { $n } 次：最小 { $least_ms }，最大 { $most_ms } 毫秒（95% 的情况不超过最大值）；标记每 { $step_ms } 毫秒变一次，单次读数只准到这么细。
js-signal-spread-few = { $n } 次：最小 { $least_ms }，最大 { $most_ms } 毫秒；标记每 { $step_ms } 毫秒变一次。再读 { $missing } 次才够下结论。
js-signal-share = 读出标记的画面：{ $percent }%（{ $pictures } 张里有 { $readable } 张）
js-signal-source = 来源编号 { $session }，第 { $frame } 个标记
