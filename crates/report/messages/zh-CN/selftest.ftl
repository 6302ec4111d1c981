# 自检进行到哪一步，与历次相比有何变化

progress-line = { $doing }（还需 { $left } 秒，全部还需 { $whole } 秒）
volume-line = { $doing }：最多使用 { $mb } MB 流量。
doing-reach = 正在连接中继
doing-camera = 正在检查摄像头
doing-microphone = 正在检查麦克风，请对着麦克风说几句话
doing-loudspeaker = 正在播放扫频声，请保持安静
doing-encoder = 正在测编码速度
doing-idle-line = 正在测空载线路
doing-marks = 正在测 DSCP 标记
doing-path-mtu = 正在测路径 MTU
doing-nat = 正在测 NAT
doing-capacity = 正在测线路容量
doing-loaded-line = 正在测加载后的时延
doing-call = 正在经中继呼叫自己
form-trend = 变化趋势
form-history = 历次自检
trend-worse = 变差：{ $name }（{ $place }）现在是 { $now }，最近 { $n } 次自检的中位数是 { $before }。
trend-better = 变好：{ $name }（{ $place }）现在是 { $now }，最近 { $n } 次自检的中位数是 { $before }。
trend-steady = 与最近 { $n } 次自检相比，没有明显变化。
trend-too-few = 以前的自检只有 { $n } 次，满 { $least } 次才能比较。
