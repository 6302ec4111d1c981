# 检测报告有没有被改动

verify-title = 检验检测报告
verify-how = 选择报告文件（report.json），或者把它拖到这个页面上。文件只用来检验，不会保存。
verify-alone = 不用这个页面也能检验，在装有同课的电脑上运行：

js-verify-busy-title = 正在检验……
js-verify-intact-title = 没有改动过
js-verify-intact-next = 自签名以来一个字节也没有变，签名的机器在这里登记过。
js-verify-revoked-title = 没有改动过，但签名的机器已被注销
js-verify-revoked-next = 自签名以来一个字节也没有变。但注销以后签的不能作数，而检测时间是机器自己写的：请向登记处核实何时收到。
js-verify-unknown-title = 签名对得上，但不认识签名的机器
js-verify-unknown-next = 这里没有登记过这把公钥，谁都可能做出这样的文件。请与检测的那台机器核对下面的公钥，核对之前不要采信。
js-verify-altered-title = 被改动过，或者不是检测报告
js-verify-altered-next = 里面写的不能采信。请向检测的人要原来的文件。
js-verify-unsigned-title = 没有签名
js-verify-unsigned-next = 谁都可能写出这样的文件，不能采信。请要签过名的文件。
js-verify-empty-title = 文件是空的
js-verify-empty-next = 请再选一次；还是空的，就向检测的人重新要。
js-verify-long-title = 文件太大，不会是检测报告
js-verify-long-next = 请选 report.json，不是 PDF 或者网页。
js-verify-often-title = 检验得太频繁
js-verify-often-next = 请等一分钟再试。
js-verify-nowhere-title = 这台服务器不能检验报告
js-verify-nowhere-next = 它没有登记处。请在有登记处的服务器上打开这个页面，或者用下面的命令。
js-verify-unreachable-next = 看看网线或无线网，接通后再选一次文件。
js-verify-failed-title = 这一次没能检验
js-verify-failed-next = 请再选一次文件；还不行，用下面的命令，或者找管理员。

js-verify-file = 文件
js-verify-signer = 签名的机器
js-verify-signer-claimed = 自称的机器
js-verify-revoked = 注销时间
js-verify-began = 检测时间
js-verify-verdict = 总结论
js-verify-judged-by = 判定所用标准
js-verify-criteria = 签名时的标准
js-verify-edition = { $name }，{ $version } 版
js-verify-id = 报告编号
js-verify-key = 公钥
js-verify-why = 技术原因
js-verify-verdict-excellent = 优
js-verify-verdict-good = 良
js-verify-verdict-pass = 合格
js-verify-verdict-fail = 不合格
js-verify-verdict-undecided = 无法判定
