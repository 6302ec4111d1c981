# 上课时的页面

lesson-title = 同课教室
lesson-no-script = 这个浏览器关闭了脚本（JavaScript）。请打开它，或换一个浏览器。
lesson-wall = 教室画面
lesson-marks = 本教室的状态
lesson-notices = 提示
lesson-panels = 点人数、消息和详情
lesson-bar = 上课的按钮

ended-title = 本节课已结束
ended-next = 可以关闭这个页面了。老师们辛苦了，同学们再见！
ended-reopen = 重新开始
js-ended-reopen-failed = 没能重新开始，请再按一次；还不行，请找管理员。

js-take-over = 在这里接着上课
js-only-rear = 只在这里看后屏
js-only-side = 只在这里看侧屏
js-only-desk = 只在这里看，不发画面
js-again = 再试一次

js-bar-floor-give = 请发言
js-bar-floor-take = 收回发言
js-bar-mute = 静音该班
js-bar-unmute = 解除静音
js-bar-microphone-close = 关话筒
js-bar-microphone-open = 开话筒
js-bar-share = 投课件
js-bar-share-stop = 停课件
js-bar-hand-up = 举手
js-bar-hand-down = 放下手
js-bar-layout = 换布局
js-bar-second-rear = 开后屏
js-bar-second-side = 开侧屏
js-bar-headcount = 点人数
js-bar-messages = 消息
js-bar-details = 详情
js-bar-lock = 锁定课堂
js-bar-unlock = 解除锁定
js-bar-end = 下课
js-bar-full = 全屏
js-bar-full-leave = 退出全屏
js-bar-help = 按键
js-bar-unread = { $count } 条

js-mark-floor = 发言中
js-mark-hand = 举手
js-mark-muted = 已静音
js-mark-locked = 课堂已锁定
js-mark-microphone-off = 本班话筒已关
js-mark-unread = { $count } 条新消息

js-tile-own = 本班画面
js-tile-own-courseware = 正在投的课件
js-tile-courseware = { $name }的课件
js-tile-choose = 选择第 { $number } 个班：{ $name }
js-tile-none = 还没有画面
js-tile-old = 画面已停 { $seconds } 秒

js-empty-class = 正在等受援教室进来……
js-empty-teacher = 正在等支援教室的老师进来……
js-empty-rooms = 正在等教室进来……

js-health-and = { " · " }
js-health-picture-good = 画面清楚
js-health-picture-poor = 画面有点卡
js-health-picture-frozen = 画面停住了
js-health-picture-none = 没有画面
js-health-sound-good = 声音正常
js-health-sound-broken = 声音断续
js-health-sound-silent = 没人说话
js-health-sound-none = 没有声音
js-health-sound-muted = 已静音
js-health-delay-low = 几乎没有延时
js-health-delay-noticeable = 有一点延时
js-health-delay-high = 延时很大

js-level-good = 好
js-level-warn = 注意
js-level-bad = 有问题
js-list-and = 、

js-notice-network-gone = 网络断开 { $seconds } 秒了，正在自动接回。请不要关闭这个页面。
js-notice-network-back = 网络接回来了，接着上课。
js-notice-connecting = 正在进入课堂，已等 { $seconds } 秒……
js-notice-cannot-connect = 还没连上课堂，已等 { $seconds } 秒，一直在重试。请看看网线或无线网。
js-notice-camera-lost = 摄像头断开了，对面看不到这里。请插好摄像头，插好后自动恢复。
js-notice-microphone-lost = 麦克风断开了，对面听不到这里。请插好麦克风，插好后自动恢复。
js-notice-microphone-silent = 麦克风已经 20 秒没有声音。请看看它是不是关着，或者没电了。
js-notice-camera-missing = 这间教室没有摄像头，对面看不到这里。插上后自动使用。
js-notice-microphone-missing = 这间教室没有麦克风，对面听不到这里。插上后自动使用。
js-notice-h264-missing = 这个浏览器缺少 H.264，有的画面可能看不到。请换用 Chrome 或 Edge。
js-notice-far-sound-missing = 听不到{ $names }的声音。请提醒对面看看麦克风。
js-notice-floor-ours = 轮到我们班发言，请讲。
js-notice-muted = 老师已把本班静音，想发言请举手（按 H）。
js-notice-hand = { $names }举手了，按 F 请发言。
js-notice-hand-waits = { $names }也举手了。
js-notice-hands = { $names }举手了，先按数字选一个班，再按 F。
js-notice-joined = { $name }进来了。
js-notice-left = { $name }断开了，正在等它回来。
js-notice-share-impossible = 这台电脑投不了课件，请换用 Chrome 或 Edge。
js-notice-no-class = 对面还没有教室进来。
js-notice-choose-class = 请先按数字选一个班。
js-notice-sound-blocked = 浏览器把声音关着，现在听不到对面。
js-notice-messages-on-desk = 消息不在学生看的屏幕上显示。按 L 换到老师桌面再看。
js-notice-window-blocked = 浏览器拦住了新窗口。请在地址栏右边选“允许弹出窗口”，再按一次。
js-sound-open = 打开声音

js-refused-role = 只有支援教室的老师可以这样做。
js-refused-not-in-lesson = 这间教室还没接进课堂，请等几秒再按。
js-refused-unknown = 那间教室不在这节课里。
js-refused-ended = 这节课已经下课。
js-refused-not-kept = 服务器没能记下这一步，请再按一次；还不行，请找管理员。
js-refused-network = 网络没通，这一步没有做成。接回来后请再按一次。
js-refused-other = 这一步没有做成，请再按一次；还不行，请刷新页面。

js-dialog-cancel = 取消
js-dialog-close = 关闭
js-end-title = 现在下课吗？
js-end-text = 所有教室都会一起下课。
js-end-yes = 下课

js-keys-title = 哪个键做什么
js-keys-digits = 选第几个班
js-keys-arrows = 在按钮和画面之间移动
js-keys-pages = 翻页笔：上一个、下一个按钮
js-keys-enter = 按下选中的按钮
js-keys-escape = 关闭打开的框

js-messages-title = 老师之间的消息
js-messages-list = 收到和发出的消息
js-messages-label = 写给对面的老师（学生看不到）
js-messages-send = 发送
js-messages-me = 我

js-headcount-title = 点人数
js-headcount-label = 今天到了几名学生？
js-headcount-confirm = 确认
js-headcount-done = 已确认：到 { $present } 人。
js-headcount-wrong = 请填 0 到 999 的整数。
js-headcount-roster = 用名单点名
js-headcount-roster-label = 把全班姓名粘贴到这里，一行一个。名单只留在这台电脑上，不会发出去。
js-headcount-roster-keep = 保存名单
js-headcount-names = 全班 { $count } 人，没到的去掉勾

js-track-camera = 画面
js-track-screen = 课件
js-track-microphone = 声音
js-track-picture = 画面或课件

js-details-title = 详情
js-details-none = 还没有数据。
js-details-received = 收到：{ $name } · { $track }
js-details-sent = 发出：{ $track } { $layer }
js-details-path = 到服务器的路
js-details-size = 分辨率
js-details-fps = 每秒帧数
js-details-rate = 码率
js-details-loss = 丢包
js-details-repaired = 补回的包
js-details-buffer = 缓冲
js-details-delay = 延时
js-details-codec = 编码
js-details-limited = 受限于
js-details-protocol = 协议
js-details-rtt = 往返
js-details-cipher = 加密
js-details-kbps = { $rate } kbps
js-details-ms = { $value } 毫秒
js-details-about = 约 { $value }
