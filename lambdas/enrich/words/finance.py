"""Words and expressions of markets, and how they act on their neighbours. The form: see ``lambdas/enrich/lexicon.py``.

SPDX-License-Identifier: CC0-1.0.
"""

from typing import Final

FINANCE: Final = """
# -- more of something
[up 2.3 vn]
surge soar skyrocket rally rocket moonshot boom
[up 2.3 v]
explode_higher rip_higher melt_up blast_past smash_through break_out moon outperform spike_higher shoot_up
[up 1.9 vn]
jump climb gain leap rebound spike advance upswing uptick uptrend upturn uplift bounce pump breakout resurgence
[up 1.7 v]
rise rally_past top surpass exceed beat outpace outstrip overtake reclaim rebuild revive accelerate strengthen swell
mount multiply thrive flourish prosper appreciate double triple quadruple treble bounce_back prices_firm edge_up
edge_higher inch_up inch_higher tick_up tick_higher creep_up creep_higher pick_up ramp_up heat_up pile_up scale_up
stack_up break_above break_through break_past push_past push_above trade_higher close_higher open_higher end_higher
move_higher
[up 1.3 vn]
increase rise climb_back boost grow growth expand expansion raise lift hike improve improvement add upsize
[up 1.3 v]
grow expand extend deepen widen intensify escalate persist broaden lengthen
[up 0.4 v]
hit_high reach_high stay_high remain_high run_high
[up 2.2 n]
record_high all_time_high new_high fresh_high yearly_high lifetime_high fresh_record new_record ath multi_year_high
record_inflow record_level record_profit record_revenue higher_high new_peak fresh_peak new_all_time_high
[up 0.0 x]
high elevated heightened more highest peak greater heavy record
[up 1.2 x]
higher upward
[up 0.0 v]
launch impose file face announce open propose introduce pursue weigh consider bring threaten_with slap_with hit_with
renew fuel stoke trigger prompt tighten toughen spread suffer endure
[up 1.0 v]
win_back attract draw draw_in pull_in lure rake_in notch log_record post_record hit_record set_record see_record
reach_record

# -- less of something
[down -2.5 vn]
crash plunge plummet nosedive collapse meltdown tank crater freefall implode implosion
[down -2.5 v]
fall_off_cliff go_to_zero go_down_in_flames hit_zero capitulate nuke free_fall get_crushed get_hammered get_slammed
[down -2.0 vn]
slump tumble slide sink dive drop plunge_below selloff sell_off downturn downtrend rout slip_below decline pullback
[down -1.8 v]
fall lose_ground dip slip retreat weaken deteriorate sag shed drop_below fall_below break_below break_down sell_off
wither slip_back give_up_gains pare_gains erase_gains erase wipe_out trade_lower close_lower open_lower end_lower
move_lower edge_down edge_lower inch_lower inch_down tick_lower tick_down drift_lower lag trail underperform
undershoot stumble falter languish stagnate shrivel evaporate erode depreciate halve devalue bleed bleed_out dry_up
fizzle slide_back
[down -1.5 n]
fall dip decrease reduction retreat slowdown correction stagnation weakness downside underperformance
[down -1.2 vn]
decrease cool slow ease fade shrink narrow abate subside moderate wane dwindle diminish soften dent
[down -1.0 v]
cut lower reduce trim slash curb curtail pare tame drop_to lessen lighten shrink_by calm soothe allay quell mitigate
limit relieve alleviate recede taper drain_of disappear vanish dissolve evaporate melt go_away close_gap
[down -2.0 n]
record_low all_time_low new_low fresh_low yearly_low multi_year_low lower_low new_bottom record_outflow
[down 0.0 x]
low lowest fewer less minimal cheap cheaper
[down -1.2 x]
lower downward
[down -1.6 x]
contracted contracting decline_in_price leg_down more_pain another_leg_down deeper_correction

# -- an end of something
[stop 0.0 v]
end withdraw scrap abandon dismiss overturn resolve settle avoid avert escape evade dodge fix patch mend repair
close_case remove repeal rescind revoke waive clear_of drop_case toss quash vacate throw_out strike_down thwart foil
stop prevent defend_against fend_off fight_off survive ward_off rule_out conclude wind_up contain block_attack
neutralize eliminate eradicate combat plug defuse undo reverse rescue_from dispel refute rebut disprove debunk
discard shelve walk_away_from back_down_from
[stop 0.9 v]
lift ease relax loosen overcome shake_off shrug_off outlast outlive bounce_back_from recover_from withstand fend_off
break_free
[stop -0.3 x]
gone over behind_us
[stop -1.5 v]
liquidate squeeze trap punish wreck wipe_out burn_out
[stop -1.2 v]
arrest jail imprison convict indict seize nab apprehend detain extradite charge sentence expose shame name_and_shame
exclude ban prosecute catch crack_down_on clamp_down_on crack_down
[stop 1.7 v]
reimburse repay refund make_whole compensate recoup recover rescue
[stop 0.0 v]
close
[stop 0.6 v]
return hand_back give_back vote_down defeat outvote
[stop -1.3 v]
halt suspend pause freeze delay postpone cancel reject deny refuse block delist terminate discontinue restrict
prohibit disable outlaw oppose stall scuttle derail topple shut shut_down shut_off switch_off close_down shutter
wind_down phase_out axe kill veto decline_to bar forbid
[stop -0.8 n]
delay suspension cancellation rejection refusal freeze halt delisting shutdown closure postponement termination
denial
[stop 0.6 n]
end_of end_to relief_from
[plain 0.0 v]
stop_loss

# -- turns round what follows
[not -0.9 v]
fail_to refuse_to decline_to unable_to struggle_to
[not 0.0 x]
no_longer not_any nothing_about lack_of free_of absence_of instead_of rather_than anything_but far_from
cannot_rule_out without_any no_sign_of no_evidence_of not_one not_a_single few_signs_of little_sign_of
never_again_be
[not 0.3 x]
free_from
[plain -0.9 x]
cannot_rule_out can't_rule_out not_rule_out

# -- things that are good to have
[good 1.0 n]
inflow profit gain adoption growth surplus upside momentum optimism approval accumulation buying_pressure buyback
partnership reimbursement new_money subsidy
[good 1.4 n]
net_inflow institutional_demand institutional_inflow profitability tax_break tax_relief legal_clarity
regulatory_clarity clarity breakthrough milestone recovery
[good 0.0 n]
earnings revenue demand liquidity reserve volume turnover yield dividend reward appetite confidence income licence
license permission backing mandate participation hashrate hash_rate investor_confidence market_share customer user
active_address activity subscriber staking withdrawal trading_volume user_growth credit_rating uptime buyer capital
rights compensation payout bank_account access balance_sheet margin price_target target rating forecast guidance
outlook peg deposit price value stock share_price shares
[good 0.9 n mood=1]
hope dream faith
[good 0.0 n]
trading service operations payment redemption lending transfer token_sale product

# -- things that are bad to have
[bad -1.3 n]
loss outflow deficit threat uncertainty unemployment jobless_claim churn selling_pressure sell_pressure headwind
concern worry tension backlog congestion bottleneck delinquency rate_hike yield_spike dilution restriction burden
dispute exclusion negative_sentiment supply_overhang downtime stress turmoil unrest turbulence pain flaw shortage
scarcity_of_buyers overhang criticism opposition pushback exposure_to bad_loan layoff vulnerability bug glitch error
supply_glut oversupply weakness
[bad -0.3 n]
fee inflation debt cost expense risk volatility liquidation selling pressure doubt slippage leverage tax levy tariff
duty interest_rate discount unlock barrier hurdle obstacle friction curb constraint red_tape short_interest
bearish_bet bear_bet short_bet short_position exchange_balance supply_on_exchanges exchange_reserve gas_fee latency
limit rule_on supply circulating_supply exchange_supply fine penalty unrealized_loss realized_loss
[bad -1.8 n fear=0.5]
outage vulnerability
[bad -1.8 n]
lawsuit suit probe investigation charge allegation indictment subpoena crackdown ban sanction inquiry scrutiny
complaint accusation litigation enforcement_action case_against legal_action class_action fraud_charge prosecution
raid embargo cease_and_desist wells_notice warrant blacklist bribery misconduct wrongdoing violation breach_of
[bad -1.8 n fear=0.9]
recession contagion crisis insolvency bank_run depeg depegging margin_call exposure_to_collapse systemic_risk
stagflation capital_flight cyberattack zero_day
[bad -2.2 n fear=1.1]
hack exploit attack breach theft heist attacker hacker thief phishing malware ransomware drainer backdoor intruder
stolen_fund flash_loan_attack private_key_leak data_leak rogue_validator sell_wall data_breach security_breach
keylogger spyware trojan sim_swap infostealer clipper
[bad -1.7 n fear=1.2]
fear panic dread anxiety jitter alarm nervousness unease fud
[bad -2.2 n disgust=1.2]
scam rug_pull rugpull ponzi pyramid_scheme honeypot scheme fraud pump_and_dump wash_trading insider_trading grift
money_laundering laundering embezzlement swindle deception kickback bribe extortion blackmail con spam_token
fake_token fake_volume bogus_token shill exit_scam vaporware cash_grab front_running slush_fund racket fraudster

# -- things that go on by themselves
[plain 2.0 x]
bullish bull_run bull_market golden_cross to_moon moon_soon green_candle green_candles in_green in_profit
in_the_black bull_flag risk_on buy_signal diamond_hands lfg wagmi hodl hodlers_vindicated gmi outperformer tailwind
tailwinds well_capitalized well_capitalised oversubscribed fully_backed fully_backed_by fully_collateralized
overcollateralized solvent profitable lucrative undervalued audited battle_tested record_breaking market_leading
bullishness bull_case expired_worthless strong_hands soft_landing dovish stimulus rate_cut rate_cuts trump_card
[plain 1.6 n]
tailwind buy_the_dip dip_buyer winner gainer breakthrough green_light win victory bargain success triumph boon
windfall bonanza comeback turnaround bull_trend higher_low outperformance overperformance
[plain 1.7 v]
approve greenlight green_light authorize legalize embrace adopt accept endorse welcome partner_with integrate
team_up sign_deal secure succeed acquit exonerate vindicate clear unlock_value win score land clinch earn net
pocket_gains break_even broke_even turn_profit return_to_profit shine outshine buy_dip get_bought snap_up accumulate
stack hodl buy_back buy_more scoop_up hoard load_up wave_through pass_bill get_approved win_approval win_licence
win_license win_case win_appeal gain_favour gain_favor gain_traction gain_ground go_mainstream join_forces
strike_deal agree_on sign_up oversubscribe stabilize stabilise restore reopen resume relist reinstate reward
queue_up_for dip_get_bought dip_gets_bought dips_get_bought lead_gainers top_gainers in_demand pay_off bear_fruit
cash_in
[plain 1.2 v]
support favour favor backs backed_by gets_listed listed_on lists_bitcoin lists_token list_token onboard roll_out
ship deliver deploy_capital raise_fund raise_funds raise_m inject_capital invest allocate subsidize incentivize
empower protect safeguard insure guarantee stake return_funds pile_into flock_to warm_to open_door pave_way
green_list whitelist exempt accepts_bitcoin pour_into
[plain 1.0 x]
upgrades upgraded
[plain 1.2 x]
safe safer secure healthy robust resilient solid stable stronger strong better best efficient successful promising
attractive favourable favorable landmark sustainable reliable trusted seamless flawless flawlessly perfectly
smoothly
[plain 1.5 x]
supercycle moonbag alpha gem flippening parabolic undervaluation priced_for_growth long_term_holder conviction
no_flaws nothing_is_missing all_time_highs has_legs outlook_positive strong_buy overweight debt_free cash_rich
zero_downtime in_full every_cent white_hat whitehat good_news great_news best_quarter best_week best_month best_day
best_year ahead_of_schedule higher_than_expected better_than_expected above_expectations above_forecast
beats_estimates worst_is_over worst_over worst_behind beat_estimates top_estimates tops_forecast tops_estimates
crosses_above price_target_raised at_par
[plain 1.8 x]
short_squeeze squeezed_shorts shorts_squeezed shorts_liquidated liquidates_shorts shorts_get_squeezed
bears_get_squeezed bears_squeezed shorts_rekt bears_rekt shorts_wiped shorts_burned shorts_covering short_covering
squeeze_shorts bears_trapped bears_capitulate squeezes_bears squeezes_shorts bears_in_retreat shorts_cover
punishes_bears punishes_shorts shorts_get_liquidated short_sellers_lose short_liquidations liquidations_of_shorts
bears_get_burned bear_trap
[plain 0.7 n]
squeeze_of_supply supply_squeeze
[plain 1.4 x]
not_guilty on_all_counts walks_free walk_free drops_suit ruled_in_favour ruled_in_favor rules_in_favor
rules_in_favour sides_with without_charges no_charges dismissed_with_prejudice cleared_of regulatory_win legal_win
court_win
[plain 1.5 x joy=0.4]
everything_is_pumping green_everywhere all_green so_green greens green_day green_days green_week glorious_green
[plain -1.8 x mood=1]
💔 😢 😭 😞 😡 🤬 😱 😰 🤢 🤮 😔 🖕 😤
[plain 0.0 x mood=1]
heart hearts 📌
[plain -2.0 x]
at_zero to_zero goes_to_zero
[plain 1.7 x joy=0.5]
🚀 🌕 📈 💎 🟢 💚 🤑 🐂 💰 🔥 🏆 🥇 💪 ✅
[plain -1.7 x]
📉 🔴 🐻 🩸 ❌ ⛔ 🚨 ☠ 💀 🪦 🤡 🚩
[plain 1.8 x joy=1.0 mood=1]
🎉 🥳 🎊 🍾 🥂 🙌 🤩 😁 😄 😀 😊 🥰 😍 😎

[plain -2.0 x]
bearish bear_market death_cross red_candle red_candles in_red underwater deep_in_red weak_hands paper_hands ngmi
risk_off sell_signal bear_flag insolvent illiquid overvalued overleveraged undercollateralized unbacked unaudited
unlicensed bear_case bearishness hawkish head_and_shoulders blood_in_streets bloodbath carnage stagnant loss_making
unprofitable delisted bagholder bagholders bag_holder bag_holders junk_rated vaporware dead_coin ghost_chain
lower_than_expected worse_than_expected below_expectations below_forecast missed_estimates misses_estimates
miss_estimates misses_forecast exit_liquidity sell_pressure rate_hike rate_hikes dead_cat_bounce bull_trap top_is_in
oversold_no sell_everything get_out get_out_while price_target_cut negative_outlook cash_strapped cash_starved
overbought crypto_winter left_holding_bag held_bag held_the_bag dust_off
[plain -2.0 v]
sue accuse penalize penalise fined get_fined hit_with_fine blacklist default_on in_default downgrade suffer_loss
lose forfeit dump sell_everything offload raid fail miss_payment miss_target write_down write_off bungle mismanage
squander overcharge overpay front_run manipulate punish trap_investors exclude drop_clients drop_crypto underprice
hammer batter hurt harm damage undermine threaten weigh_on drag_down pressure pile_into_short pile_into_shorts
cash_out flee exit abandon_project pull_out quit_market leave_market dent_hopes shatter cripple bankrupt go_bust
go_under go_broke go_bankrupt file_for_bankruptcy declare_bankruptcy seek_bankruptcy lay_off fire_staff gut slam pan
bash lambast blast rap warn caution rattle spook roil reel buckle get_liquidated sell_bottom sold_bottom buy_top
bought_top bought_ath be_shaken_out shaken_out miss_out socialize_loss socialise_loss raise_fee raise_fees hike_fee
dilute mint_quietly shorted
[plain -2.2 n sadness=0.9]
bankruptcy layoff job_cut shutdown foreclosure wipeout wipe_out casualty closure
[plain -2.2 v sadness=1.0]
lay_off shutter close_its_door wind_down cease_operation liquidate_company lose_everything lose_all go_to_zero
go_bankrupt file_for_bankruptcy go_bust go_under go_out_of_business pull_the_plug pull_plug fold shut_up_shop
lose_job
[plain -2.2 v fear=1.3]
hack exploit drain phish compromise steal loot siphon raid_wallet target_wallet infect hijack
[plain -1.8 x sadness=1.0]
end_of_era bankrupt defunct fallen insolvency_filing unpaid jobless out_of_work without_work shuttered
[plain -2.4 v disgust=1.2]
rug rug_pull defraud scam swindle embezzle launder lure_investors fleece dupe bilk con shill pump_and_dump
trick_investors pull_rug paint_tape wash_trade defrauded prey_on exit_scam scam_out_of
[plain -2.2 v anger=0.9]
betray cheat rob steal_from rip_off screw_over lie_to deceive
[bad -1.5 n]
bear short_seller weak_hand
[bad -0.3 n]
suspect culprit accomplice ringleader
[plain -1.7 n]
downgrade setback blow failure miss disaster loser bear_trend laggard bust fiasco flop bubble write_down writedown
writeoff shortfall slowdown underperformer overreach dead_end worst_day worst_week worst_month worst_quarter
worst_year lower_high capitulation scandal mess victim warning red_flag trouble problem issue downside sell_order
exit_scam casualty weaker_margin mismanagement dilution gloom
[plain -1.2 x]
weak weaker worse worst volatile risky riskier unstable sluggish subdued muted dull bleak grim troubled struggling
embattled beleaguered ailing distressed disputed controversial illegal unlawful unauthorized unregistered unpaid
bearishly tepid lacklustre lackluster disappointing poor soft sour dismal fragile vulnerable shaky stuck frozen
missing stranded locked_out lost dead broke worthless useless
[plain -1.5 x]
below_estimate below_estimates locked_funds missing_reserves missing_funds missing_deposit under_fire in_doubt
at_risk in_trouble off_line offline goes_dark going_dark went_dark under_review under_investigation sell_now
too_late
[plain -1.7 x fear=1.0]
underway_exploit insolvency_rumours insolvency_rumors halts_withdrawals suspends_withdrawals freezes_withdrawals
withdrawals_halted withdrawals_frozen withdrawals_suspended paused_withdrawals pauses_withdrawals run_on_bank
pull_coins force_sale forced_sale liquidation_cascade crash_protection at_any_time looming_ban sell_wall flash_crash
[plain -2.3 x sadness=0.8]
rekt wiped_out lost_everything life_savings college_fund_gone down_bad hopium_gone
[plain -1.0 x sadness=0.8]
capitulated

[up 1.0 v]
allow permit enable grant clear_way_for open_up_to let_in unlock_access
[up 1.8 x]
rips ripping rips_higher flying flies moons mooning mooned sends_it pumping parabolic ripped_higher takes_off
took_off taking_off
[up 1.6 v]
jolt_higher leapfrog zoom roar spring_back bounce_off steam_ahead press_higher grind_higher power_ahead catch_up
claw_back roar_back charge_higher storm_past eclipse
[down -1.6 v]
buckle cave skid tailspin wilt crumble unravel hemorrhage haemorrhage nosedive wobble wane ebb dent slacken flounder
sour turn_red turn_negative roll_over give_back_gains trim_gains surrender_gains lose_steam lose_momentum
run_out_of_steam lose_market_share lose_peg lose_half lose_third retrace puke nuke get_rekt get_dumped
[down -1.3 v]
dwindle diminish deplete drain_away stall flatline wind_back scale_back pull_back step_back hold_back rein_in
back_off
[bad -0.3 n]
short shorts short_trader appeal case claim motion proceedings charges subpoenas paperwork gridlock deadlock
loophole
[plain -1.3 x]
shorting shorted_their shorted_its dumped_their paying_premium
[good 0.0 n]
staff job workforce headcount salary wage pay bonus funding runway hiring licence licences

[bad -1.6 n fear=0.6]
intrusion compromise leak ransom blackmail spoofing counterfeit flaw loophole_exploited siphoning sweep_of_wallets
wallet_drain key_theft rogue_employee infiltration spyware double_spend reorg 51%_attack chain_split freeze_order
[bad -1.6 n]
fallout spat feud row rift clash standoff gag_order injunction infringement non_compliance noncompliance malpractice
negligence mishap hiccup snag logjam shortcoming shortfall impasse hack_claim sell_order malfunction mispricing
[plain 1.6 v]
vote_for ratify clear_hurdle wave_through prevail triumph_in thrash smash_record shatter_record break_record
exceed_expectations outdo surpass_forecast beat_forecast win_big hit_target hit_jackpot strike_gold list_on_major
go_live back_bitcoin buy_bitcoin add_bitcoin hold_bitcoin accumulate_bitcoin add_to_position never_sold
diversify_into hand_out_reward distribute_profit pay_dividend hike_dividend raise_dividend raise_guidance
raise_forecast raise_outlook raise_target raise_price_target lift_target lift_forecast lift_guidance swing_to_profit
return_to_growth turn_corner turn_positive turn_green hold_support hold_firm hold_steady_above stand_strong
stay_strong set_aside_for_victim win_back_trust regain resurface_above flip_positive flip_bullish prove_wrong
vindicate
[plain -1.7 v]
swing_to_loss post_loss report_loss book_loss miss_payroll cut_guidance cut_forecast cut_outlook cut_target
lower_guidance lower_target slash_target slash_forecast cut_price_target pull_guidance lose_licence lose_license
lose_case lose_appeal lose_bid lose_customer lose_user lose_support break_promise break_peg slip_peg fall_short
come_up_short run_out_of_money burn_cash burn_through withdraw_support turn_away walk_away pull_back_from back_out
scrap_plan ditch shun snub spurn distance_itself sever_ties cut_ties part_ways quit resign step_down flip_negative
flip_bearish trap_buyer strand trap_fund overheat sour_on turn_bearish get_stopped_out stop_out choke suffocate
stifle smother throttle sabotage jeopardize jeopardise endanger imperil backfire misfire misappropriate misuse
plunder ransack pillage loot overvalue counterfeit fake forge falsify inflate_volume fabricate cook_the_books spoof
conceal hide_loss cover_up
[plain -1.9 n]
robbery walkout resignation exodus stampede retreat collapse wreck trainwreck train_wreck nightmare debacle
catastrophe calamity heartache ruin implosion meltdown bloodletting washout shakeout purge slaughter massacre
wasteland wreckage dumping_ground laggard underachiever has_been lemon dud
[plain 1.7 n]
jackpot windfall masterstroke coup landslide feat accolade award trophy blessing lifeline reprieve
vote_of_confidence seal_of_approval stamp_of_approval safe_haven store_of_value game_changer boost shot_in_the_arm
silver_lining bright_spot outperformer powerhouse frontrunner trailblazer pioneer leader_in world_first first_mover
[plain 1.5 x]
upbeat brisk buoyant red_hot sizzling hot_demand sold_out unstoppable on_a_tear on_fire on_a_roll in_high_spirits
firing_on_all_cylinders unbeaten unbroken_streak winning_streak green_again back_above back_in_profit
back_in_the_black full_refund fully_refunded made_whole no_funds_lost funds_are_safe all_funds_safe
nobody_lost_anything no_losses could_not_be_better couldn't_be_better never_been_better looking_good looks_good
looks_strong love_to_see_it let's_go_up cup_and_handle higher_highs oversold undervalued_here cheap_here still_early
[plain -1.5 x]
losing_streak worst_streak in_freefall in_tatters in_ruins in_shambles in_disarray on_the_ropes on_life_support
worth_nothing worth_zero worth_less next_to_nothing near_zero down_the_drain up_in_smoke out_of_money out_of_cash
out_of_luck hung_out_to_dry left_in_the_dark under_pressure under_strain under_siege under_attack in_peril
in_jeopardy in_limbo in_freeze back_below back_under red_again not_looking_good looks_weak looks_ugly looks_bad
it's_over its_over game_over too_good_to_be_true house_of_cards smoke_and_mirrors nothing_but_down no_liquidity
no_buyers no_bids no_volume no_users no_way_out never_existed hole_in_balance_sheet hole_in_its_balance_sheet
black_hole
[plain -2.0 v sadness=1.1]
close_for_good shut_for_good cut_job cut_staff slash_job slash_staff axe_job shed_job cut_workforce slash_workforce
cut_half_its_staff lose_inheritance lose_life_savings lose_savings lose_house lose_home call_it_quits throw_in_towel
bow_out fade_away go_dark_for_good
[plain -2.0 n sadness=1.0]
staff_cut redundancy job_loss insolvency_filing chapter_11 foreclosure

# -- what says nothing but sounds as if it did
[plain 0.0 n]
share security interest asset trust token value credit stake exchange bond future option equity commodity currency
gas proof party play block mining mine proof_of_stake proof_of_work smart_contract bull_and_bear hedge play_to_earn
stable_coin stablecoin short_term long_term short_and_long long_to_short ledger solution please help fork energy
best_effort consensus reward_rate ball candle free freeware win_rate lottery definition treasury fan_token hard_fork
bug_bounty hackathon short_selling white_paper privacy alert order_book limit_order stop_order market_order
loss_carryforward stop_loss profit_and_loss risk_management risk_warning tax_office tax_form tax_year tax_return
tax_report death_date novel number like top_up fire_drill art_work natural_gas terminal risk_parity liquid_staking
fear_and_greed fear_greed play_store
[plain 0.0 v]
share play like promise help please care agree trust count
[plain 0.0 x]
super halving halvings firm firms list lists listed default leading late united natural matter matters chance
original strong_password gross greatly pretty huge certain certainly feature ok okay no yes well active number
special usual neutral unchanged flat mixed steady sideways in_line quiet asleep even common kind sort ready sure
clear clearly free_of_charge novel party_line just_in top ten_best lol hits_and_misses risk_free_rate proof_of_loss
if_possible good_morning gm good_night happy_friday

# -- says that the text is about markets or money
[market 0 n]
hearing
[market 1 n]
bitcoin btc ether ethereum solana xrp dogecoin cardano litecoin monero coin altcoin memecoin crypto cryptocurrency
token price market trader trade investor holder hodler etf portfolio stack bag position deposit dollar stock dip
chart exchange broker defi presale ico loan whale rally money saving rent cap valuation buyer seller profit loss
gain stablecoin leverage liquidity usdt usdc tether shareholder creditor depositor venture dex cex tokenomics
vesting hedge_fund entry volume limit_order pump coins bond equity candle bull bear shiba_inu yield cash wallet
wealth payday tip reward order savings investment bet trading stacker speculator underwriter economy inflation gold
currency
[market 0.2 n]
account fund bank lender dao vc nft airdrop miner chain project team dev founder insider supply reserve contract
whitepaper regulator sec cftc regulation fed tax vault bridge staker staking validator customer client withdrawal
bill law court judge listing halving treasury ceo executive oracle memo pool custody custodian deal retiree grifter
promoter endorsement charity donation influencer bro shill network protocol node lab company firm startup card
platform politician senator developer moderator support whitelist user launch rug phishing scheme app banker ledger
minister lawmaker
"""
