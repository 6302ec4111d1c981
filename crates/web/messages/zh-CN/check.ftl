# 上课前的检查

check-retry = 重测
check-devices = 选用的设备
check-preview = 这间教室的画面
check-no-picture = 没有画面

js-check-start = 开始上课
js-check-start-watching = 进入听课
js-check-role-supporting = 支援教室
js-check-role-receiving = 受援教室
js-check-role-observer = 听课
js-check-role-inspector = 巡课

js-check-name-camera = 摄像头
js-check-name-microphone = 麦克风
js-check-name-speaker = 喇叭
js-check-name-way = 连接
js-check-name-rate = 网速
js-check-name-delay = 延迟
js-check-list-comma = 、
js-check-no-choice = 没有可选的

js-check-state-busy = 检查中
js-check-state-ok = 正常
js-check-state-warn = 留意
js-check-state-bad = 有问题

js-check-waiting = 马上开始
js-check-opening = 正在打开
js-check-measuring = 正在测
js-check-asking = 请在浏览器的询问里选“允许”
js-check-touch = 按任意键，或点一下屏幕，开始试声音

js-check-verdict-busy = 正在检查这间教室……
js-check-verdict-speak = 请对着麦克风说一句话
js-check-verdict-ok = 一切正常，可以上课
js-check-verdict-ok-watching = 一切正常，可以听课
js-check-verdict-warn = 可以上课，请留意{ $items }
js-check-verdict-warn-watching = 可以听课，请留意{ $items }
js-check-verdict-bad-way = 接不通，请先看“连接”一项
js-check-verdict-bad-browser = 请换一个浏览器，用 Chrome 或 Edge 打开
js-check-verdict-bad-both = 对面看不到也听不到这里，您只能看和听
js-check-verdict-bad-camera = 对面看不到这里，但听得到
js-check-verdict-bad-microphone = 对面听不到这里，请先看“麦克风”一项
js-check-verdict-bad-rate = 网络太慢，上课会断断续续
js-check-verdict-starting = 正在进入教室……
js-check-verdict-allow = 请先在浏览器的询问里选“允许”。再按一次按钮，就不带画面和声音进入

js-check-insecure = 网址不是 https 开头，浏览器不让用
js-check-insecure-next = 请改用 https:// 开头的课堂链接；没有的话，找管理员要
js-check-denied-next = 按“重测”，在浏览器的询问里选“允许”
js-check-blocked-next-firefox = 点地址栏左边划掉的图标，去掉“已阻止”，再按“重测”
js-check-system-next-windows = 打开 Windows 设置里的“隐私”，允许应用使用摄像头和麦克风，再按“重测”
js-check-system-next-mac = 打开“系统设置”里的“隐私与安全性”，允许这个浏览器，再按“重测”
js-check-system-next = 请管理员在系统设置里允许浏览器使用，再按“重测”
js-check-failed-next = 拔下来再插上，按“重测”；还不行，重启电脑

js-check-camera-looking = 正在看画面
js-check-camera-ok = 画面正常（{ $width }×{ $height }，每秒 { $fps } 帧）
js-check-camera-none = 摄像头开着，却没有画面
js-check-camera-none-next = 拔下来再插上，或者在左边换一个摄像头
js-check-camera-dark = 画面是黑的
js-check-camera-dark-next = 揭开镜头盖，或者开灯
js-check-camera-frozen = 画面一直不动
js-check-camera-frozen-next = 拔下来再插上，或者在左边换一个摄像头
js-check-camera-slow = 画面不流畅，每秒只有 { $fps } 帧
js-check-camera-slow-next = 先开灯：光线暗时会这样。还不行，换一个 USB 口
js-check-camera-small = 画面不太清楚（{ $width }×{ $height }）
js-check-camera-small-next = 可以上课。有更好的摄像头，在左边选它
js-check-camera-missing = 没有找到摄像头
js-check-camera-missing-next = 把摄像头插到电脑上，插好后会自动再查
js-check-camera-denied = 浏览器没有得到允许，不能用摄像头
js-check-camera-blocked-next = 点地址栏里的摄像头图标，选“始终允许”，再按“重测”
js-check-camera-system = 电脑系统不让浏览器用摄像头
js-check-camera-taken = 摄像头正被别的程序用着
js-check-camera-taken-next = 关掉会议、直播、录播一类的程序，再按“重测”
js-check-camera-failed = 摄像头打不开

js-check-microphone-listening = 请对着麦克风说一句话
js-check-microphone-ok = 听到您说话了，声音正常
js-check-microphone-silent = 麦克风一点声音也没有
js-check-microphone-silent-next = 看看麦克风上的开关、插头；或者在左边换一个麦克风
js-check-microphone-unheard = 还没有听到您说话
js-check-microphone-unheard-next = 走近麦克风，大声说一句；还听不到，在左边换一个麦克风
js-check-microphone-faint = 声音太小，对面听不清
js-check-microphone-faint-next = 离麦克风近一些，或者把麦克风音量调大
js-check-microphone-noisy = 教室里太吵，对面听不清说话
js-check-microphone-noisy-next = 关上门窗和风扇，或者离麦克风近一些
js-check-microphone-loud = 声音太大，对面听着是破的
js-check-microphone-loud-next = 离麦克风远一些，或者把麦克风音量调小
js-check-microphone-unchecked = 麦克风开着，但没法试
js-check-microphone-unchecked-next = 可以上课。先看“喇叭”一项
js-check-microphone-missing = 没有找到麦克风
js-check-microphone-missing-next = 把麦克风插到电脑上，插好后会自动再查
js-check-microphone-denied = 浏览器没有得到允许，不能用麦克风
js-check-microphone-blocked-next = 点地址栏里的麦克风图标，选“始终允许”，再按“重测”
js-check-microphone-system = 电脑系统不让浏览器用麦克风
js-check-microphone-taken = 麦克风正被别的程序用着
js-check-microphone-taken-next = 关掉会议、直播、录播一类的程序，再按“重测”
js-check-microphone-failed = 麦克风打不开

js-check-speaker-playing = 正在放三声试音
js-check-speaker-ok = 喇叭响了，麦克风听到了
js-check-speaker-unheard = 麦克风没有听到喇叭的三声试音
js-check-speaker-unheard-next = 您听到了就没关系；没听到，请打开音箱、调大音量
js-check-speaker-loud = 喇叭太响，对面会听到自己的回声
js-check-speaker-loud-next = 把音量调小，或者让麦克风离喇叭远一些
js-check-speaker-none = 这台电脑放不出声音
js-check-speaker-none-next = 插上音箱或耳机，再按“重测”
js-check-speaker-alone = 放了三声试音，没有麦克风来听
js-check-speaker-alone-next = 您听到了就没关系；没听到，请打开音箱、调大音量

js-check-way-ok = 已接通，走的是最快的通道
js-check-way-tcp = 已接通，走的是慢一些的通道（TCP）
js-check-way-tcp-next = 可以上课。学校网络拦住了 UDP；请网络管理员放行，会更流畅
js-check-way-none = 服务器有应答，但声音和画面过不去
js-check-way-none-next = 请网络管理员放行到服务器的 UDP 和 TCP；急用时换个网络，如手机热点
js-check-way-silent = 服务器没有应答
js-check-way-silent-next = 看看网线或无线网；别的网页能打开，就请找管理员
js-check-way-refused = 服务器没有让这间教室接通
js-check-way-refused-next = 按“重测”；还不行，请管理员换一条课堂链接
js-check-way-no-webrtc = 这个浏览器不能上课
js-check-way-no-webrtc-next = 请换用新版的 Chrome、Edge 或火狐浏览器打开这条链接
js-check-way-no-h264 = 这个浏览器缺少 H.264，会看不到对面的画面
js-check-way-no-h264-next = 请换用 Chrome 或 Edge；火狐联网等几分钟会自动装好，再刷新

js-check-rate-ok = 够用（收 { $down } 兆，发 { $up } 兆）
js-check-rate-ok-watching = 够用（收 { $down } 兆）
js-check-rate-narrow = 偏慢，画面会小一些（收 { $down } 兆，发 { $up } 兆）
js-check-rate-narrow-watching = 偏慢，画面会小一些（收 { $down } 兆）
js-check-rate-too-narrow = 太慢，画面会停（收 { $down } 兆，发 { $up } 兆）
js-check-rate-too-narrow-watching = 太慢，画面会停（收 { $down } 兆）
js-check-rate-next = 能插网线就不用无线；关掉别的电脑上的下载和视频
js-check-rate-busy = 服务器正忙，没有测网速
js-check-rate-busy-next = 可以上课；想知道网速，过一会儿按“重测”
js-check-rate-none = 没有测成网速
js-check-rate-none-next = 按“重测”；还不行，先看“连接”一项

js-check-delay-ok = 几乎没有（来回 { $ms } 毫秒）
js-check-delay-noticeable = 有一点（来回 { $ms } 毫秒），问答会慢半拍
js-check-delay-high = 很大（来回 { $ms } 毫秒），问答要等
js-check-delay-next = 能插网线就不用无线；关掉别的电脑上的下载和视频
js-check-delay-none = 没有测成延迟
js-check-delay-none-next = 按“重测”；还不行，先看“连接”一项
