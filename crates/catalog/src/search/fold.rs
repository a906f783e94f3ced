//! Forms that people type for the same word: full-width letters and digits,
//! upper case, traditional characters. Folding maps one character to one
//! character, so that a place in the folded text is the same place in the
//! original (highlights need that).

use std::collections::HashMap;
use std::sync::OnceLock;

/// The character that stands for `c` in the index and in queries.
pub fn fold_char(c: char) -> char {
    let c = match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        c => c,
    };
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let lower = c.to_lowercase().next().unwrap_or(c);
    simplified().get(&lower).copied().unwrap_or(lower)
}

pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

fn simplified() -> &'static HashMap<char, char> {
    static TABLE: OnceLock<HashMap<char, char>> = OnceLock::new();
    TABLE.get_or_init(|| {
        TRADITIONAL
            .split_whitespace()
            .filter_map(|pair| {
                let mut chars = pair.chars();
                Some((chars.next()?, chars.next()?))
            })
            .collect()
    })
}

/// Traditional form and simplified form, of the characters that titles of
/// public data are written with. Not a converter: a character that is missing
/// stays as it is and simply does not match its other form.
const TRADITIONAL: &str = "
國国 會会 險险 個个 參参 業业 務务 員员 證证 號号 碼码 單单 統统 電电 話话 類类 別别 狀状 態态 繳缴 費费 區区 劃划 稱称 機机 構构 關关 係系 聯联 繫系 記记 註注 冊册 設设 備备 種种 農农 漁渔
產产 質质 監监 測测 環环 氣气 車车 輛辆 駕驾 駛驶 執执 許许 審审 處处 罰罚 強强 檢检 驗验 標标 準准 價价 稅税 財财 貨货 幣币 資资 貿贸 經经 濟济 營营 銀银 貸贷 債债 權权 職职 崗岗 勞劳 動动
醫医 療疗 藥药 護护 衛卫 診诊 學学 師师 書书 圖图 館馆 體体 藝艺 術术 遊游 廳厅 縣县 鎮镇 鄉乡 樓楼 層层 門门 戶户 離离 異异 親亲 屬属 殘残 養养 優优 撫抚 軍军 衞卫 黨党 團团 組组 織织 協协
議议 選选 舉举 辦办 開开 發发 佈布 釋释 條条 規规 則则 據据 庫库 網网 絡络 計计 雲云 傳传 輸输 線线 纜缆 頻频 譜谱 廣广 視视 訊讯 軟软 項项 錄录 檔档 報报 紙纸 雜杂 誌志 題题 訴诉 訟讼 調调
決决 獄狱 盜盗 騙骗 緝缉 槍枪 彈弹 災灾 風风 颱台 臺台 灣湾 澇涝 乾干 濕湿 溫温 熱热 凍冻 霧雾 陽阳 陰阴 曆历 歷历 時时 間间 週周 節节 歲岁 齡龄 長长 寬宽 總总 數数 額额 餘余 虧亏 損损 賬账
帳账 買买 賣卖 銷销 進进 購购 訂订 約约 簽签 蓋盖 橋桥 樑梁 鐵铁 軌轨 頭头 運运 輪轮 艦舰 飛飞 場场 點点 鐘钟 錶表 錢钱 針针 鋼钢 鋁铝 銅铜 礦矿 爐炉 鍋锅 壓压 燈灯 燭烛 燒烧 煙烟 塗涂 膠胶
紡纺 絲丝 綢绸 貼贴 補补 償偿 獎奖 勵励 懲惩 賞赏 贈赠 貧贫 窮穷 難难 導导 訪访 問问 應应 對对 雙双 隻只 張张 筆笔 頁页 詞词 語语 譯译 讀读 寫写 聽听 說说 講讲 論论 認认 識识 憶忆 誤误 錯错
實实 虛虚 偽伪 確确 閱阅 覽览 顯显 現现 隱隐 達达 過过 還还 這这 裡里 裏里 後后 從从 來来 們们 為为 無无 於于 與与 並并 兩两 幾几 萬万 億亿 兒儿 婦妇 嬰婴 孫孙 爺爷 媽妈 姊姐 慶庆 禮礼 儀仪
墳坟 殯殡 廟庙 聖圣 靈灵 龍龙 鳳凤 馬马 鳥鸟 魚鱼 雞鸡 鴨鸭 豬猪 貓猫 蟲虫 獸兽 糧粮 穀谷 麥麦 葉叶 樹树 園园 蘭兰 蘇苏 滬沪 寧宁 紹绍 興兴 麗丽 麼么 島岛 嶼屿 嶺岭 澤泽 溝沟 壩坝 閘闸 濾滤
淨净 汙污 濁浊 噴喷 灑洒 掃扫 廢废 棄弃 擴扩 遷迁 徵征 佔占 撥拨 讓让 轉转 換换 變变 滅灭 續续 斷断 絕绝 給给 維维 編编 彙汇 匯汇 滙汇 歸归 屆届 級级 紀纪 綱纲 領领 幹干 專专 顧顾 願愿 義义
責责 擔担 負负 賠赔 徑径 復复 複复 簡简 鬆松 緊紧 彎弯 鄰邻 裝装 製制 創创 舊旧 儲储 積积 擬拟 寶宝 貝贝 贏赢 賽赛 競竞 爭争 勝胜 敗败 獲获 獻献 繞绕 圍围 牆墙 衝冲 擊击 擾扰 亂乱 穩稳 塊块
壞坏 墊垫 鑒鉴 鑑鉴 鑽钻 鏡镜 鎖锁 鍵键 錨锚 鋪铺 鏈链 閉闭 閒闲 闊阔 闖闯 隊队 階阶 際际 陸陆 陳陈 隨随 雖虽 靜静 響响 頂顶 順顺 須须 預预 頒颁 頓顿 頗颇 頸颈 顆颗 顏颜 飯饭 飲饮 飼饲 飽饱
飾饰 饋馈 馳驰 駐驻 騎骑 驅驱 驚惊 驛驿 髮发 鬥斗 鬧闹 鮮鲜 鹽盐 齊齐 齒齿 龜龟
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cat_14_full_width_upper_case_and_traditional_forms_fold_to_one() {
        assert_eq!(fold("社會保險個人參保資訊"), "社会保险个人参保资讯");
        assert_eq!(fold("ＵＳＣＣ　９１３３"), "uscc 9133");
        assert_eq!(fold("社会保险"), "社会保险");
    }

    #[test]
    fn folding_keeps_the_number_of_characters() {
        for text in ["İstanbul", "ß", "ﬁ", "繁體字ＡＢ", "😀"] {
            assert_eq!(fold(text).chars().count(), text.chars().count());
        }
    }
}
